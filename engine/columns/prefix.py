"""What the scalar fold knows after any number of a table's rows, without going through them: for seeking."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from engine.columns.series import Floats, Ints, Series, Table
from engine.columns.tally import BESTS, tally
from engine.scalars import Ahead
from engine.scalars.spans import MOST_METRICS, Span, one
from engine.scalars.tally import Best

EVERY = 4096
"""Values between two known sums; what is behind the last is added up each time."""


def until(table: Table, reach: int) -> Table:
    """The rows whose lines are there."""
    length = int(np.searchsorted(table.ends, reach, "right"))
    if length == len(table):
        return table
    metrics = {}
    for name, series in table.metrics.items():
        found = _cut(series, length)
        if len(found):
            metrics[name] = found
    return replace(
        table,
        step=table.step[:length],
        stepped=table.stepped if table.stepped is not None and table.stepped < length else None,
        ends=table.ends[:length],
        t=_cut(table.t, length),
        epoch=_cut(table.epoch, length),
        phases=tuple((row, name) for row, name in table.phases if row < length),
        metrics=metrics,
    )


def _cut(series: Series, length: int) -> Series:
    if series.rows is None:
        return Series(series.values[:length])
    told = int(np.searchsorted(series.rows, length))
    return Series(series.values[:told], series.rows[:told])


class _Course:
    """One metric: lowest, highest, sum and number of its finite values at every EVERY-th of them."""

    def __init__(self, values: Floats) -> None:
        finite = np.isfinite(values)
        marks = slice(EVERY - 1, None, EVERY)
        self.low = np.minimum.accumulate(np.where(finite, values, np.inf))[marks].copy()
        self.high = np.maximum.accumulate(np.where(finite, values, -np.inf))[marks].copy()
        self.total = np.add.accumulate(np.where(finite, values, 0.0))[marks].copy()
        self.seen = np.cumsum(finite)[marks].copy()

    def span(self, values: Floats) -> Span:
        """Of these first values of it."""
        at = len(values) // EVERY
        rest = values[at * EVERY :]
        rest = rest[np.isfinite(rest)]
        low, high, total, seen = np.inf, -np.inf, 0.0, 0
        if at:
            low, high = float(self.low[at - 1]), float(self.high[at - 1])
            total, seen = float(self.total[at - 1]), int(self.seen[at - 1])
        if len(rest):
            low, high = min(low, float(rest.min())), max(high, float(rest.max()))
            total = float(np.add.accumulate(np.concatenate(([total], rest)))[-1])
            seen += len(rest)
        known = seen > 0
        ends = one(float(values[0])), one(float(values[-1]))
        return Span(*ends, low if known else None, high if known else None, total, seen)


def _records(values: Floats) -> Ints:
    """Where a value is lower than all before it."""
    lowest = np.minimum.accumulate(np.where(np.isfinite(values), values, np.inf))
    return np.flatnonzero(lowest < np.concatenate(([np.inf], lowest[:-1])))


class Prefixes:
    """A trainer's segment that was read whole, as it stood at any of its lines."""

    def __init__(self, table: Table, events: list[tuple[int, bytes]]) -> None:
        self._table, self._events = table, events
        names = list(table.metrics)[:MOST_METRICS]
        self._records = {n: _records(table.metrics[n].values) for n in BESTS if n in table.metrics}
        self._courses = {name: _Course(table.metrics[name].values) for name in names}

    def _best(self, table: Table) -> dict[str, Best]:
        found = {}
        for name, records in self._records.items():
            if name in table.metrics:
                at = int(np.searchsorted(records, len(table.metrics[name]))) - 1
                if at >= 0:
                    steps, values = table.points(name)
                    found[name] = Best(float(values[records[at]]), int(steps[records[at]]))
        return found

    def ahead(self, offset: int) -> Ahead:
        """What the fold knows at the end of this line."""
        table = until(self._table, offset)
        found = {
            name: self._courses[name].span(series.values)
            for name, series in table.metrics.items()
            if name in self._courses
        }
        events = tuple(line for end, line in self._events if end <= offset)
        return Ahead(tally(table, self._best(table)), found, events, 0, offset)
