"""A list of any length: only the rows in sight are made and drawn. A cursor, a click, and nothing else."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.binding import BindingType
from textual.geometry import Region, Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from cockpit import inks
from cockpit.actions import LIST, bindings
from cockpit.inks import Line
from cockpit.widgets.lines import strip

NONE = Style.null()
Drawing = Callable[[int, int], Line]
"""The line of a row, for a width."""


class Listing(ScrollView, can_focus=True):
    """Tell it how many rows there are and how one is drawn. `head` stays above them."""

    DEFAULT_CSS = "Listing { height: 1fr; scrollbar-size: 1 1; overflow-x: hidden; }"
    scopes = (LIST,)
    BINDINGS: ClassVar[list[BindingType]] = bindings(LIST)

    class Chosen(Message):
        """A row was clicked twice, or once while it had the cursor."""

        def __init__(self, listing: Listing, row: int) -> None:
            super().__init__()
            self.listing, self.row = listing, row

    class Moved(Message):
        """The cursor stands on another row."""

        def __init__(self, listing: Listing, row: int) -> None:
            super().__init__()
            self.listing, self.row = listing, row

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self.count = 0
        self.cursor = 0
        self.empty = ""
        self._draw: Drawing = lambda row, width: []
        self._head: Callable[[int], Line] | None = None
        self._shown: dict[int, Line] = {}
        self._placed: tuple[int, ...] = ()
        self._inks: Mapping[str, Style] | None = None

    @property
    def top(self) -> int:
        """Lines above the rows."""
        return 1 if self._head is not None else 0

    def show(self, count: int, draw: Drawing, head: Callable[[int], Line] | None = None) -> None:
        """New rows. The cursor stays where it is while there is such a row."""
        changed = count != self.count
        self.count, self._draw, self._head = count, draw, head
        self.cursor = min(self.cursor, max(count - 1, 0))
        if changed:
            self._grow(count + self.top)
        if changed or self._place() != self._placed:
            self.refresh()
            return
        for y, before in list(self._shown.items()):
            if before != self._line(y, self.size.width):
                self.refresh(Region(0, y, self.size.width, 1))

    def _grow(self, rows: int) -> None:
        """As setting `virtual_size` would, without laying out the screen: a log that grows would be drawn twice."""
        self.set_reactive(Listing.virtual_size, Size(self.size.width, rows))
        self._scroll_update(self.virtual_size)

    def _place(self) -> tuple[int, ...]:
        """Where it stands: when this is as it was drawn, only rows that say something else are drawn again."""
        return self.cursor, self.scroll_offset.y, int(self.has_focus), *self.size

    def render_line(self, y: int) -> Strip:
        width = self.scrollable_content_region.width
        return self._row(y, width)

    def _row(self, y: int, width: int) -> Strip:
        if self._place() != self._placed:
            self._placed = self._place()
            self._shown.clear()
        if self._inks is None:
            self._inks = inks.table(self.app.theme_variables, self.rich_style)
        styles = self._inks
        row = y - self.top + self.scroll_offset.y
        line = self._shown[y] = self._line(y, width)
        drawn = strip(line, width, styles)
        if row != self.cursor or not self.has_focus or row >= self.count or y < self.top:
            return drawn
        under = Style(bgcolor=styles["cursor"].bgcolor)
        return Strip([Segment(one.text, (one.style or NONE) + under) for one in drawn])

    def _line(self, y: int, width: int) -> Line:
        row = y - self.top + self.scroll_offset.y
        if self._head is not None and y == 0:
            return self._head(width)
        if not self.count and y == self.top and self.empty:
            return [(f" {self.empty}", "muted")]
        return self._draw(row, width) if row < self.count else []

    def notify_style_update(self) -> None:
        super().notify_style_update()
        self._inks = None
        self.refresh()

    def on_focus(self) -> None:
        self.refresh()

    def on_blur(self) -> None:
        self.refresh()

    # the cursor

    def to(self, row: int, quiet: bool = False) -> None:
        """Put the cursor on a row and bring it into sight."""
        row = min(max(row, 0), max(self.count - 1, 0))
        before, self.cursor = self.cursor, row
        self._into_sight()
        self.call_after_refresh(self._into_sight)  # there may be more room by then
        for one in (before, row):
            y = one - self.scroll_offset.y + self.top
            if 0 <= y < self.size.height:
                self.refresh(Region(0, y, self.size.width, 1))
        if before != row and not quiet:
            self.post_message(self.Moved(self, row))

    def _into_sight(self) -> None:
        height = max(self.size.height - self.top, 1)
        top = self.scroll_offset.y
        if self.cursor < top:
            self.scroll_to(y=self.cursor, animate=False, force=True)
        elif self.cursor >= top + height:
            self.scroll_to(y=self.cursor - height + 1, animate=False, force=True)

    def on_resize(self) -> None:
        self.call_after_refresh(self._into_sight)

    def action_move(self, rows: int) -> None:
        self.to(self.cursor + rows)

    def action_page(self, pages: int) -> None:
        self.to(self.cursor + pages * max(self.size.height - self.top - 1, 1))

    def action_first(self) -> None:
        self.to(0)

    def action_last(self) -> None:
        self.to(self.count - 1)

    def on_click(self, event: events.Click) -> None:
        row = event.y - self.top + self.scroll_offset.y
        if event.y < self.top or not 0 <= row < self.count:
            return
        again = row == self.cursor
        self.to(row)
        if again or event.chain == 2:
            self.post_message(self.Chosen(self, row))
