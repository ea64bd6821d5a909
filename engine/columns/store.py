"""Columns that grow at the end. What was handed out before never changes."""

from __future__ import annotations

import numpy as np

from engine.columns.batch import Batch
from engine.columns.series import EMPTY, Column, Series, Table, frozen

SMALLEST = 64
"""Entries for which a buffer has room at first; it doubles from there."""


class Growing:
    """One buffer. It may begin with numbers that it must not write to."""

    def __init__(self, start: Column) -> None:
        self._room = start
        self._length = len(start)

    def __len__(self) -> int:
        return self._length

    def extend(self, values: Column) -> None:
        end = self._length + len(values)
        if end > len(self._room):
            wider = np.empty(max(end, 2 * self._length, SMALLEST), self._room.dtype)
            wider[: self._length] = self._room[: self._length]
            self._room = wider
        self._room[self._length : end] = values
        self._length = end

    def view(self) -> Column:
        return frozen(self._room[: self._length])


class GrowingSeries:
    """A series that stays dense for as long as every row tells it."""

    def __init__(self, start: Series) -> None:
        self._values = Growing(start.values)
        self._rows = None if start.rows is None else Growing(start.rows)

    def extend(self, more: Series, before: int) -> None:
        """Take the values of a batch that begins at row `before`; call it for absent metrics never."""
        if self._rows is None and (more.rows is not None or len(self._values) < before):
            self._rows = Growing(np.arange(len(self._values), dtype=np.int64))
        if self._rows is not None:
            rows = np.arange(len(more), dtype=np.int64) if more.rows is None else more.rows
            self._rows.extend(rows + before)
        self._values.extend(more.values)

    def view(self, length: int) -> Series:
        """The series of a table of `length` rows."""
        if self._rows is not None:
            return Series(self._values.view(), self._rows.view())
        values = self._values.view()
        if len(values) == length:
            return Series(values)
        return Series(values, frozen(np.arange(len(values), dtype=np.int64)))


class Store:
    """All columns of one attempt, from a table that was kept or from nothing."""

    def __init__(self, start: Table = EMPTY) -> None:
        self._step = Growing(start.step)
        self._ends = Growing(start.ends)
        self._stepped = start.stepped
        self._t = _resumed(start.t)
        self._epoch = _resumed(start.epoch)
        self._phases = list(start.phases)
        self._metrics = {name: GrowingSeries(found) for name, found in start.metrics.items()}

    def extend(self, batch: Batch) -> None:
        before = len(self._step)
        self._place(batch, before)
        self._ends.extend(batch.ends)
        if len(batch.t):
            self._t.extend(batch.t, before)
        if len(batch.epoch):
            self._epoch.extend(batch.epoch, before)
        for row, name in batch.phases:
            if not self._phases or self._phases[-1][1] != name:
                self._phases.append((before + row, name))
        for name, more in batch.metrics.items():
            known = self._metrics.get(name)
            if known is None:
                known = self._metrics[name] = _resumed(Series(np.empty(0)))
            known.extend(more, before)

    def _place(self, batch: Batch, before: int) -> None:
        """A row without a step continues the last one."""
        told = batch.step
        if self._stepped is None and len(told):
            self._stepped = before + (0 if told.rows is None else int(told.rows[0]))
        if told.rows is None:
            self._step.extend(told.values)
            return
        last = int(self._step.view()[-1]) if before else 0
        known = np.concatenate(([last], told.values)).astype(np.int64)
        self._step.extend(known[np.searchsorted(told.rows, np.arange(len(batch.ends)), "right")])

    def table(self, unreadable: int) -> Table:
        """The rows so far, as a value."""
        length = len(self._step)
        return Table(
            self._step.view(),
            self._stepped,
            self._ends.view(),
            self._t.view(length),
            self._epoch.view(length),
            tuple(self._phases),
            {name: series.view(length) for name, series in self._metrics.items()},
            unreadable,
        )


def _resumed(series: Series) -> GrowingSeries:
    """Nothing told yet counts as dense: the first value decides."""
    return GrowingSeries(series if len(series) else Series(np.empty(0)))
