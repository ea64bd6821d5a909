"""A widget whose rows are cells of a picture, and which sends the terminal only the cells that changed."""

from __future__ import annotations

from rich.segment import Segment
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

from cockpit.plot.cells import Cells
from cockpit.widgets.chart_colours import Colours


class Painted(Widget):
    """Whoever derives says how to make the cells; `repaint` whenever that would give others."""

    DEFAULT_CSS = "Painted { height: 1; width: 1fr; }"

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self._cells: Cells | None = None
        self._asked = False
        self._colours: Colours | None = None

    def cells(self, width: int, height: int) -> Cells:
        """What is to be seen at this size."""
        raise NotImplementedError

    def curve_colours(self) -> tuple[str, ...]:
        """Colours that were asked for; empty ones are the palette's."""
        return ()

    def repaint(self) -> None:
        """Draw anew before long, once for however many reasons."""
        if self._asked or not self.is_attached:
            return
        self._asked = True
        self.call_next(self._paint)

    def recolour(self) -> None:
        """The same cells in other colours."""
        self._colours = None
        self.refresh()

    def flush(self) -> None:
        """Draw what was asked for now, so that it is part of the same redraw as all else that changed."""
        self._paint()

    def _paint(self) -> None:
        if not self._asked:
            return
        self._asked = False
        width, height = self.content_size
        if not (width and height and self.screen.is_current):
            self._cells = None  # made when it is looked at
            self.refresh()
            return
        before, self._cells = self._cells, self.cells(width, height)
        for row, start, end in self._cells.changed(before):
            self.refresh(Region(start, row, end - start, 1))

    def render_line(self, y: int) -> Strip:
        width, height = self.content_size
        if self._cells is None or (self._cells.height, self._cells.width) != (height, width):
            self._cells = self.cells(width, height)
        if not 0 <= y < height:
            return Strip.blank(width, self.rich_style)
        if self._colours is None:
            self._colours = self._themed()
        style = self._colours.style
        runs = self._cells.runs(y)
        return Strip([Segment(run.text, style(run.ink)) for run in runs], width)

    def _themed(self) -> Colours:
        dark = self.app.current_theme.dark
        return Colours(
            self.app.theme_variables, self.background_colors[1], dark, self.curve_colours()
        )

    def notify_style_update(self) -> None:
        super().notify_style_update()
        self._colours = None

    def on_resize(self) -> None:
        self._cells = None
        self.refresh()
