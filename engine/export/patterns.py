"""Rows of a table by which metrics they tell: files of other tools repeat a layout as long as that stays the same."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from engine.columns.series import Floats, Ints, Table
from engine.curves import Part

CHUNK = 1 << 16
"""Rows that are laid out at once."""


@dataclass(frozen=True, eq=False)
class Pattern:
    """Rows, by their index, that tell exactly these metrics, and what they tell: a column a metric."""

    names: tuple[str, ...]
    rows: Ints
    values: Floats


def patterns(table: Table, begin: int, end: int) -> Iterator[Pattern]:
    """Of the rows from `begin` to `end`; rows that tell nothing are in none."""
    names = list(table.metrics)
    count = end - begin
    told = np.zeros((count, len(names)), bool)
    values = np.empty((count, len(names)))
    for at, name in enumerate(names):
        series = table.metrics[name]
        if series.rows is None:
            told[:, at], values[:, at] = True, series.values[begin:end]
            continue
        a, b = np.searchsorted(series.rows, (begin, end))
        inside = series.rows[a:b] - begin
        told[inside, at], values[inside, at] = True, series.values[a:b]
    kinds, which = np.unique(np.packbits(told, axis=1), axis=0, return_inverse=True)
    for kind in range(len(kinds)):
        rows = np.flatnonzero(which.reshape(-1) == kind)
        chosen = np.flatnonzero(told[rows[0]]) if len(rows) else np.empty(0, np.int64)
        if len(chosen):
            yield Pattern(
                tuple(names[at] for at in chosen), rows + begin, values[np.ix_(rows, chosen)]
            )


def chunks(table: Table) -> Iterator[tuple[int, int]]:
    for begin in range(0, len(table), CHUNK):
        yield begin, min(begin + CHUNK, len(table))


def moments(part: Part, begun: float) -> Floats:
    """A time for every row: its own, else that of the row before, else the run's beginning."""
    known = np.isfinite(part.times)
    last = np.maximum.accumulate(np.where(known, np.arange(len(known)), -1))
    return np.where(last >= 0, part.times[np.maximum(last, 0)], begun)


def names_of(parts: Sequence[Part]) -> list[str]:
    """All metrics, in the order in which they were first told."""
    return list(dict.fromkeys(name for part in parts for name in part.table.metrics))
