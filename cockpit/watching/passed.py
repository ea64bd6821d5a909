"""How many lines went by undrawn: a log that outruns the screen is shown at its end, and says what it left out."""

from __future__ import annotations


class Passed:
    """Told of every line as it is drawn, by number. What is looked at later, going back, did go by all the same."""

    def __init__(self) -> None:
        self._next: int | None = None
        self._end = -1
        self.count = 0
        """Lines that no redraw showed before a newer one was shown."""

    def follow(self, number: int) -> None:
        """The end was scrolled to: what is drawn up to this line counts, even if nobody follows any more by then."""
        self._end = number

    def drew(self, number: int) -> None:
        if number > self._end:
            return
        if self._next is None:
            self._next = number
        self.count += max(number - self._next, 0)
        self._next = max(self._next, number + 1)

    def leave(self) -> None:
        """What comes until the end is scrolled to again is left out by wish, and did not go by."""
        self._next, self._end = None, -1
