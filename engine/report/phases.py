"""What each phase came to: the last loss and the mean told apart, steps, time and money. Pure but for arrays."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from engine.columns.series import Floats
from engine.curves import Curves, Part

ALL = "all"
LOSS = "loss"


@dataclass(frozen=True)
class Phase:
    """`last` is the loss that was told last, `mean` that of all that were told: most scripts call the mean final."""

    name: str
    last: float | None
    mean: float | None
    low: float | None
    points: int
    steps: int | None
    seconds: float | None


@dataclass(frozen=True)
class _Stretch:
    """Rows `begin` to `end` of a part, all of one phase."""

    name: str
    part: Part
    begin: int
    end: int

    def loss(self) -> Floats:
        series = self.part.table.metrics[LOSS]
        if series.rows is None:
            return series.values[self.begin : self.end]
        a, b = np.searchsorted(series.rows, (self.begin, self.end))
        return series.values[a:b]


def phases(curves: Curves, begun: float | None) -> list[Phase]:
    """In the order in which they were entered; one that was entered again after a resume is one phase."""
    stretches = list(_stretches(curves))
    found, t = [], begun
    before = max(
        min((float(one.part.steps[one.begin]) for one in stretches), default=1.0) - 1.0, 0.0
    )
    for name in dict.fromkeys(one.name for one in stretches):
        own = [one for one in stretches if one.name == name]
        last = float(own[-1].part.steps[own[-1].end - 1])
        ended = _last_time(own)
        found.append(_phase(own, round(last - before), None if None in (t, ended) else ended - t))  # type: ignore[operator]
        before, t = last, t if ended is None else ended
    return found


def _stretches(curves: Curves) -> Iterator[_Stretch]:
    """Of steps that a later attempt made again only its own count."""
    parts = [one for one in curves.parts if LOSS in one.table.metrics and len(one.steps)]
    parts = [one for one in parts if one.segment != "files"] or parts
    for at, part in enumerate(parts):
        later = min((float(one.steps[0]) for one in parts[at + 1 :]), default=None)
        most = len(part.steps) if later is None else int(np.searchsorted(part.steps, later))
        marks = [(row, name) for row, name in part.table.phases if row < most]
        if not marks or marks[0][0] > 0:
            marks.insert(0, (0, ALL))
        ends = [row for row, _ in marks[1:]] + [most]
        for (row, name), end in zip(marks, ends, strict=True):
            if end > row:
                yield _Stretch(name, part, row, end)


def _last_time(own: list[_Stretch]) -> float | None:
    for one in reversed(own):
        fine = one.part.times[one.begin : one.end]
        fine = fine[np.isfinite(fine)]
        if len(fine):
            return float(fine[-1])
    return None


def _phase(own: list[_Stretch], steps: int, seconds: float | None) -> Phase:
    loss = np.concatenate([one.loss() for one in own])
    fine = loss[np.isfinite(loss)]
    last, mean, low = (
        (float(loss[-1]), float(fine.mean()), float(fine.min()))
        if len(fine)
        else (None, None, None)
    )
    return Phase(own[0].name, last, mean, low, len(loss), steps, seconds)
