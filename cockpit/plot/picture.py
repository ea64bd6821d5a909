"""A picture: cells, and how they lie on the data."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cockpit.plot.cells import Cells
from cockpit.plot.curve import Floats
from cockpit.plot.glyphs import Glyphs
from cockpit.plot.layout import Layout
from cockpit.plot.prepare import Places
from cockpit.plot.scale import Scale
from cockpit.plot.window import Window


@dataclass(frozen=True, eq=False)
class Picture:
    cells: Cells
    layout: Layout
    window: Window
    extent: Window
    """All there is and is still to come; what the window may not leave."""
    newest: float
    """x of the last value."""
    scale: Scale
    glyphs: Glyphs

    def x(self, column: int) -> float:
        """What the middle of a column of cells stands for."""
        return self.window.x((column - self.layout.gutter + 0.5) / max(self.layout.columns, 1))

    def column(self, x: float) -> int | None:
        """The column of cells that shows x; None when the window does not."""
        if not self.window.lo <= x <= self.window.hi:
            return None
        place = int((x - self.window.lo) / self.window.width * self.layout.columns)
        return min(place, self.layout.columns - 1) + self.layout.gutter

    def columns(self, x: Floats) -> Places:
        """Columns of those x that the window shows, each once, in order."""
        inside = x[(x >= self.window.lo) & (x <= self.window.hi)]
        width = self.layout.columns
        place = np.floor((inside - self.window.lo) / self.window.width * width).astype(np.intp)
        return np.unique(np.minimum(place, width - 1)) + self.layout.gutter

    def row(self, value: float) -> int:
        """The row of a value; one above the plot or one below it when the scale does not reach that far."""
        dots = self.layout.rows * self.glyphs.down
        return self.layout.top + self.scale.row(value, dots) // self.glyphs.down

    @property
    def bottom(self) -> int:
        """The last row of the plot."""
        return self.layout.top + self.layout.rows - 1

    def sign(self, row: int, column: int, name: str, code: int) -> None:
        """One cell."""
        self.cells.fill(row, slice(column, column + 1), self.glyphs.signs[name], code)
