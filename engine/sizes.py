"""The runner's time index: how far console and trainer had grown, and when."""

from __future__ import annotations

import math
from array import array
from bisect import bisect_left
from collections.abc import Iterator

from engine.events import Lines, Segment, decode
from engine.events.runner import Grew


class Sizes:
    """The runner's notes of how far console and trainer had grown; the time index."""

    def __init__(self) -> None:
        self._lines = Lines()
        self._times = {"console": array("d"), "trainer": array("d")}
        self._ends = {"console": array("q"), "trainer": array("q")}

    def feed(self, piece: bytes) -> None:
        """More bytes of the runner's segment."""
        for line, _ in self._lines.feed(piece):
            if b'"grew"' in line:
                self._note(decode(line, Segment.RUNNER))

    def when(self, segment: str, offset: int) -> float | None:
        """When the byte before `offset` was there; None where nobody noted it."""
        at = bisect_left(self._ends[segment], offset)
        return self._times[segment][at] if at < len(self._times[segment]) else None

    def notes(self, segment: str) -> Iterator[tuple[float, int]]:
        return zip(self._times[segment], self._ends[segment], strict=True)

    def index(self, segment: str) -> tuple[array[float], array[int]]:
        """Times and ends, as long as each other; they grow."""
        return self._times[segment], self._ends[segment]

    def forget(self, segment: str) -> None:
        """All but the newest note: for whoever has better times of what came so far."""
        del self._times[segment][:-1], self._ends[segment][:-1]

    def _note(self, fact: object) -> None:
        if not isinstance(fact, Grew) or fact.t is None or not math.isfinite(fact.t):
            return
        for segment, end in (("console", fact.console), ("trainer", fact.trainer)):
            times, ends = self._times[segment], self._ends[segment]
            if ends and end < ends[-1]:  # the file began anew
                del times[:], ends[:]
            if not ends or end > ends[-1]:
                times.append(fact.t)
                ends.append(end)
