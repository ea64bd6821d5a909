"""A few rows as columns, on their way from a parser into the store."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from engine.columns.series import NOTHING, Column, Ints, Series
from engine.events import Row


@dataclass(frozen=True)
class Batch:
    """Consecutive rows of rank 0. `step` holds whole numbers; `phases` has every row that named one."""

    ends: Ints
    step: Series
    t: Series
    epoch: Series
    phases: Sequence[tuple[int, str]]
    metrics: Mapping[str, Series]


def series(values: Column, present: Column | None) -> Series:
    """The values that are present; None: all are."""
    if present is None or present.all():
        return Series(values)
    rows = np.flatnonzero(present)
    return Series(values[rows], rows)


def batch(placed: Sequence[tuple[Row, int]]) -> Batch | None:
    """Rows, each with the offset behind its line, as columns. None: all were of other ranks."""
    kept = [(row, end) for row, end in placed if not row.rank]
    if not kept:
        return None
    rows = [row for row, _ in kept]
    metrics: dict[str, tuple[list[int], list[float]]] = {}
    for index, row in enumerate(rows):
        for name, value in row.values.items():
            at, values = metrics.setdefault(name, ([], []))
            at.append(index)
            values.append(value)
    return Batch(
        np.array([end for _, end in kept], np.int64),
        _told([row.step for row in rows], np.int64),
        _told([row.t for row in rows], np.float64),
        _told([row.epoch for row in rows], np.float64),
        [(index, row.phase) for index, row in enumerate(rows) if row.phase is not None],
        {name: _sparse(at, values, len(rows)) for name, (at, values) in metrics.items()},
    )


def _told(values: Sequence[float | None], dtype: type) -> Series:
    at = [index for index, value in enumerate(values) if value is not None]
    if not at:
        return NOTHING
    return _sparse(at, [value for value in values if value is not None], len(values), dtype)


def _sparse(
    at: Sequence[int], values: Sequence[float], length: int, dtype: type = np.float64
) -> Series:
    rows = None if len(at) == length else np.array(at, np.int64)
    return Series(np.array(values, dtype), rows)
