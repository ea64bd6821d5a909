"""Where a byte of a segment lies after parts of it were replaced or left out. Pure."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator


class Shifts:
    """Marks go in with rising offsets: up to `old` bytes of the segment became `new` bytes of the part."""

    def __init__(self) -> None:
        self._old, self._new = [0], [0]
        self.changed = False

    def mark(self, old: int, new: int) -> None:
        """Between two marks of equal lengths nothing moved; where they differ, the whole moves at the end."""
        self.changed |= old - self._old[-1] != new - self._new[-1]
        if old - self._old[-1] == new - self._new[-1] and len(self._old) > 1 and self._even():
            self._old[-1], self._new[-1] = old, new
        else:
            self._old.append(old)
            self._new.append(new)

    def _even(self) -> bool:
        """The last stretch moved nothing, so the next one can continue it."""
        return self._old[-1] - self._old[-2] == self._new[-1] - self._new[-2]

    def at(self, offset: int) -> int:
        """Of a byte inside a changed stretch: where that stretch ends, at most."""
        place = bisect_right(self._old, offset) - 1
        begin, end = self._new[place], self._new[place] + offset - self._old[place]
        if place + 1 < len(self._new):
            end = min(end, self._new[place + 1])
        return max(begin, end)

    def marks(self) -> Iterator[tuple[int, int]]:
        """Old and new offsets, all but the beginning."""
        return zip(self._old[1:], self._new[1:], strict=True)
