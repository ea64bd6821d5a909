"""The chart's small relatives: a history in a row or few, and a bar. Each is one reactive value."""

from __future__ import annotations

import numpy as np
from textual.reactive import reactive

from cockpit.plot.bar import bar
from cockpit.plot.cells import Cells, Role
from cockpit.plot.glyphs import BRAILLE, Glyphs
from cockpit.plot.strip import History, heat, strip
from cockpit.widgets.painted import Painted

NOTHING = History(np.empty(0))


class Strip(Painted):
    """A history as bars, as high as the widget."""

    history: reactive[History] = reactive(NOTHING, repaint=False)
    glyphs: reactive[Glyphs] = reactive(BRAILLE, repaint=False)

    def cells(self, width: int, height: int) -> Cells:
        return strip(self.history, width, height, self.glyphs)

    def watch_history(self) -> None:
        self.repaint()

    def watch_glyphs(self) -> None:
        self.repaint()


class HeatStrip(Strip):
    """A history as shades in one row."""

    def cells(self, width: int, height: int) -> Cells:
        return heat(self.history, width, self.glyphs)


class Meter(Painted):
    """How much of something is used. None: unknown."""

    part: reactive[float | None] = reactive(None, repaint=False)
    role: reactive[int] = reactive(int(Role.ACCENT), repaint=False)
    glyphs: reactive[Glyphs] = reactive(BRAILLE, repaint=False)

    def cells(self, width: int, height: int) -> Cells:
        return bar(self.part, width, self.role, self.glyphs)

    def watch_part(self) -> None:
        self.repaint()

    def watch_role(self) -> None:
        self.repaint()

    def watch_glyphs(self) -> None:
        self.repaint()
