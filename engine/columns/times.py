"""A time for every row: its own, else when the runner first saw its bytes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from engine.columns.series import Floats, Table

if TYPE_CHECKING:  # reading columns needs none of what a timeline does
    from engine.sizes import Sizes


def times(table: Table, sizes: Sizes, segment: str) -> Floats:
    """Unix seconds by the machine's clock; NaN where neither row nor index tells. `segment`: console or trainer."""
    if table.t.rows is None:
        return table.t.values
    noted, ends = map(np.array, sizes.index(segment))  # copies: what is looked at cannot grow
    at = np.searchsorted(ends, table.ends, "left")
    found: Floats = np.append(noted, np.nan)[at]
    found[table.t.rows] = table.t.values
    return found
