"""How many lines went by undrawn: a log that outruns the screen is shown at its end, and says what it left out."""

from __future__ import annotations


class Passed:
    """Told of every line as it is drawn, by number. What is looked at later, going back, did go by all the same."""

    def __init__(self) -> None:
        self._next: int | None = None
        self.count = 0
        """Lines that no redraw showed before a newer one was shown."""

    def drew(self, number: int) -> None:
        if self._next is None:
            self._next = number
        self.count += max(number - self._next, 0)
        self._next = max(self._next, number + 1)
