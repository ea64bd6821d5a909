"""The values that readers get: one table of an attempt's rows, one series for each metric.

Absence and NaN are different facts: a series holds only the rows that told a value, and a NaN in it was told.
Arrays are read-only views; rows that come later make a new table and leave this one as it is.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Column = NDArray[Any]


def frozen(values: Column) -> Column:
    """The same numbers behind a view that nobody can write through."""
    view = values.view()
    view.flags.writeable = False
    return view


_NO_FLOATS: Floats = frozen(np.empty(0))
_NO_INTS: Ints = frozen(np.empty(0, np.int64))


@dataclass(frozen=True, eq=False)
class Series:
    """Numbers told by some rows. `rows` are their indices in the table; None: every row told one."""

    values: Floats
    rows: Ints | None = None

    def __len__(self) -> int:
        return len(self.values)

    def of(self, column: Column) -> Column:
        """The entries of a column of the table that stand beside these values."""
        return column if self.rows is None else column[self.rows]

    def spread(self, length: int) -> Floats:
        """One value a row, NaN where a row told none; for sums and plots that need no difference."""
        if self.rows is None:
            return self.values
        full = np.full(length, np.nan)
        full[self.rows] = self.values
        return full

    def at(self, row: int) -> float | None:
        """What this row told."""
        if self.rows is None:
            return float(self.values[row])
        place = int(np.searchsorted(self.rows, row))
        found = place < len(self.rows) and self.rows[place] == row
        return float(self.values[place]) if found else None


NOTHING = Series(_NO_FLOATS, _NO_INTS)


@dataclass(frozen=True, eq=False)
class Table:
    """The rows of one attempt, in the order of the file's bytes."""

    step: Ints
    """Step of each row; a row without one continues the last, and 0 stands before the first."""
    stepped: int | None
    """The first row that told a step."""
    ends: Ints
    """Where each row's line ended in the file, its end included."""
    t: Series = NOTHING
    epoch: Series = NOTHING
    phases: tuple[tuple[int, str], ...] = ()
    """Row and name of each change of phase."""
    metrics: Mapping[str, Series] = field(default_factory=dict)
    unreadable: int = 0
    """Lines that hold no fact."""
    preview: bool = False
    """A few rows of many, evenly spread over the file's bytes."""

    def __len__(self) -> int:
        return len(self.step)

    def points(self, metric: str) -> tuple[Ints, Floats]:
        """(steps, values) of one metric; both empty when no row told it."""
        series = self.metrics.get(metric, NOTHING)
        return series.of(self.step), series.values


EMPTY = Table(_NO_INTS, None, _NO_INTS)
