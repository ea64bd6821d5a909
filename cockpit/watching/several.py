"""Several runs looked at together: their moments as one value."""

from __future__ import annotations

from collections.abc import Sequence

from cockpit.watching.moment import Moment
from cockpit.watching.source import Live
from engine.runs import Run

Moments = tuple[Moment | None, ...]


class Several:
    """`runs` and what is looked at have one order. A run that cannot be read yet is None."""

    def __init__(self, runs: Sequence[Run]) -> None:
        self.runs = tuple(runs)
        self._sources = [Live(run) for run in runs]
        self._latest: list[Moment | None] = [None] * len(self._sources)

    def look(self) -> Moments | None:
        found = [source.look() for source in self._sources]
        if all(one is None for one in found):
            return None
        self._latest = [new or old for new, old in zip(found, self._latest, strict=True)]
        return tuple(self._latest)
