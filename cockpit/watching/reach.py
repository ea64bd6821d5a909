"""A table as far as a recording has told it."""

from __future__ import annotations

import numpy as np

from engine.columns import Table


def until(table: Table, reach: int) -> Table:
    """The rows whose lines are there."""
    length = int(np.searchsorted(table.ends, reach, "right"))
    if length == len(table):
        return table
    metrics = {}
    for name, series in table.metrics.items():
        told = length if series.rows is None else int(np.searchsorted(series.rows, length))
        if told:
            rows = None if series.rows is None else series.rows[:told]
            metrics[name] = type(series)(series.values[:told], rows)
    t = table.t
    told = length if t.rows is None else int(np.searchsorted(t.rows, length))
    cut = type(t)(t.values[:told], None if t.rows is None else t.rows[:told])
    return Table(table.step[:length], table.stepped, table.ends[:length], cut, metrics=metrics)
