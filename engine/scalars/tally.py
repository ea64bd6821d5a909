"""Rows of metrics, one after the other, to last values, a window of recent rows, bests and streaks."""

from __future__ import annotations

import math
from collections import deque
from typing import Mapping, NamedTuple

from engine.events import Row

WINDOW = 256
"""Rows kept whole; every rule and slope looks at these alone."""
FIRST = 8
"""Rows kept from the beginning, by which a resume is proven."""


class Sample(NamedTuple):
    """A row in the window. `t` is None where the line carried none; `offset` is where its line ended in the file."""

    step: int
    t: float | None
    values: Mapping[str, float]
    offset: int


class Best(NamedTuple):
    """The lowest finite value of a loss so far."""

    value: float
    step: int


class Streak(NamedTuple):
    """How many rows in a row, and since which step."""

    length: int
    step: int


NONE = Streak(0, 0)


class Tally:
    """The fold over rows. Rows of other ranks than 0 are left out; a row without a step continues the last one."""

    def __init__(self) -> None:
        self.rows = 0
        self.step: int | None = None
        self.first_step: int | None = None
        self.t: float | None = None
        self.epoch: float | None = None
        self.phase: str | None = None
        self.last: dict[str, float] = {}
        self.best: dict[str, Best] = {}
        self.recent: deque[Sample] = deque(maxlen=WINDOW)
        self.first: tuple[Row, ...] = ()
        self.cut = False
        """Rows were passed over, so that what comes next is no beginning."""
        self.backwards = 0
        self.nonfinite = NONE
        self.zero = NONE
        self.constant = NONE
        self.offset = 0

    def take(self, row: Row, offset: int) -> None:
        """Fold one row whose line ended at `offset`."""
        if row.rank:
            return
        self.rows += 1
        if len(self.first) < FIRST and not self.cut:
            self.first = (*self.first, row)
        self.offset = offset
        self._place(row)
        if row.values:
            step = self.step or 0
            self._judge(row.values, step)
            self.last.update(row.values)
            self.recent.append(Sample(step, row.t, row.values, offset))

    def _place(self, row: Row) -> None:
        if row.step is not None:
            if self.step is not None and row.step < self.step:
                self.backwards += 1
            self.step = row.step
            if self.first_step is None:
                self.first_step = row.step
        if row.t is not None:
            self.t = row.t
        self.epoch = self.epoch if row.epoch is None else row.epoch
        self.phase = self.phase if row.phase is None else row.phase

    def _judge(self, values: Mapping[str, float], step: int) -> None:
        for metric in ("loss", "eval_loss"):
            value = values.get(metric)
            if value is not None and math.isfinite(value):
                best = self.best.get(metric)
                if best is None or value < best.value:
                    self.best[metric] = Best(value, step)
        loss = values.get("loss")
        if loss is None:
            return
        before = self.last.get("loss")
        self.nonfinite = _extend(self.nonfinite, _broken(values), step)
        self.zero = _extend(self.zero, loss == 0.0, step)
        self.constant = _extend(self.constant, loss == before, step)

    def beside(self, other: Tally) -> None:
        """Take over the metrics that these rows do not tell and others do, without making points of them."""
        for name, value in other.last.items():
            self.last.setdefault(name, value)
        for name, best in other.best.items():
            self.best.setdefault(name, best)

    def series(self, metric: str) -> list[tuple[int, float]]:
        """(step, value) of one metric inside the window."""
        return [(s.step, s.values[metric]) for s in self.recent if metric in s.values]

    def copy(self) -> Tally:
        """A tally that later rows do not change."""
        twin = Tally()
        twin.__dict__.update(self.__dict__)
        twin.last, twin.best, twin.recent = dict(self.last), dict(self.best), self.recent.copy()
        return twin

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Tally) and self._known() == other._known()

    def _known(self) -> str:
        """All but the beginning, which only a reader has who was there; a repr, because NaN equals nothing."""
        return repr({k: v for k, v in self.__dict__.items() if k not in ("first", "cut")})

    __hash__ = None  # type: ignore[assignment]


def _broken(values: Mapping[str, float]) -> bool:
    """Transformers hides a NaN loss as 0.0 and leaves the gradient's norm to tell."""
    return not math.isfinite(values["loss"]) or not math.isfinite(values.get("grad_norm", 0.0))


def _extend(streak: Streak, goes_on: bool, step: int) -> Streak:
    if not goes_on:
        return NONE
    return Streak(streak.length + 1, streak.step if streak.length else step)
