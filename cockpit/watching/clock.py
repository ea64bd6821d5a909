"""When the bytes of a run's attempts came: the runners' notes, read once for all who ask."""

from __future__ import annotations

from engine.journal import Follower
from engine.runs import Attempt
from engine.sizes import Sizes
from engine.timeline import BLOCK


class Clock:
    """Follows the time index of each attempt that was asked about."""

    def __init__(self) -> None:
        self._known: dict[int, tuple[Sizes, Follower]] = {}

    def sizes(self, attempt: Attempt) -> Sizes:
        """What is noted of this attempt; it grows with `read`."""
        if attempt.number not in self._known:
            self._known[attempt.number] = Sizes(), Follower(attempt.runner)
            self._read(*self._known[attempt.number])
        return self._known[attempt.number][0]

    def read(self) -> None:
        for sizes, runner in self._known.values():
            self._read(sizes, runner)

    @staticmethod
    def _read(sizes: Sizes, runner: Follower) -> None:
        while data := runner.read(BLOCK).data:
            sizes.feed(data)
