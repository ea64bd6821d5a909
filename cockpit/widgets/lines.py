"""Text on the screen: lines of (text, ink), drawn as they are. No markup is read here or anywhere."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from rich.cells import cell_len, set_cell_size
from rich.segment import Segment
from rich.style import Style
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

from cockpit import inks
from cockpit.inks import Line

Making = Callable[[int, int], Sequence[Line]]
"""The lines for a width and a height."""


class Lines(Widget):
    """Set `making` to what gives the lines at any size; only rows that changed are drawn again."""

    DEFAULT_CSS = "Lines { height: auto; width: 1fr; }"

    def __init__(
        self, making: Making | None = None, *, id: str | None = None, classes: str | None = None
    ) -> None:
        super().__init__(id=id, classes=classes)
        self._making: Making = making or (lambda width, height: [])
        self._drawn: list[Line] = []
        self._made_for = (-1, -1)
        self._inks: Mapping[str, Style] | None = None

    @property
    def lines(self) -> list[Line]:
        """As they were last drawn."""
        return self._drawn

    def show(self, making: Making) -> None:
        self._making = making
        width, height = self.content_size
        if not (width and height) or (width, height) != self._made_for:
            self.refresh()
            return
        before, self._drawn = self._drawn, self._made(width, height)
        for row in range(max(len(before), len(self._drawn))):
            if before[row : row + 1] != self._drawn[row : row + 1]:
                self.refresh(Region(0, row, width, 1))

    def _made(self, width: int, height: int) -> list[Line]:
        self._made_for = (width, height)
        return list(self._making(width, height))[:height]

    def render_line(self, y: int) -> Strip:
        width, height = self.content_size
        if self._made_for != (width, height):
            self._drawn = self._made(width, height)
        if y >= len(self._drawn):
            return Strip.blank(width, self.rich_style)
        if self._inks is None:
            self._inks = inks.table(self.app.theme_variables, self.rich_style)
        return strip(self._drawn[y], width, self._inks)

    def notify_style_update(self) -> None:
        super().notify_style_update()
        self._inks = None
        self.refresh()


def strip(line: Line, width: int, styles: Mapping[str, Style]) -> Strip:
    """A line as cells, cut or filled to a width."""
    ground = styles[inks.PLAIN]
    segments = [Segment(text, styles.get(ink, ground)) for text, ink in line if text]
    return Strip(segments).adjust_cell_length(width, ground)


def fit(text: str, width: int, right: bool = False) -> str:
    """Text in exactly so many cells; what is cut ends in a mark."""
    size = cell_len(text)
    if size > width:
        return set_cell_size(text, max(width - 1, 0)) + "…" * (width > 0)
    return " " * (width - size) + text if right else text + " " * (width - size)


def cut(line: Line, room: int) -> list[tuple[str, str]]:
    """As much of a line as there is room for; what is cut ends in a mark."""
    kept: list[tuple[str, str]] = []
    for text, ink in line:
        size = cell_len(text)
        kept.append((text if size <= room else fit(text, max(room, 0)), ink))
        room -= size
        if room < 0:
            break
    return kept


def spread(left: Line, right: Line, width: int) -> Line:
    """Two ends of a line, the left one giving way."""
    room = max(width - sum(cell_len(text) for text, _ in right) - 1, 0)
    kept = cut(left, room)
    used = sum(cell_len(text) for text, _ in kept)
    return [*kept, (" " * (room + 1 - used), "text"), *right]


def folded(text: str, width: int) -> list[str]:
    """Text in as many lines as it needs, broken at spaces where there are some."""
    lines, rest = [], text
    while width > 0 and cell_len(rest) > width:
        part = set_cell_size(rest, width).rstrip()
        space = part.rfind(" ")
        end = max(space if space > width // 2 else len(part), 1)
        lines.append(rest[:end])
        rest = rest[end:].lstrip(" ")
    return [*lines, rest]
