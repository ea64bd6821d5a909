"""The first and the last line of every screen: where one is and how it stands; which keys do what."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.cells import cell_len
from textual import events
from textual.message import Message

from cockpit.actions import Action
from cockpit.inks import Line, ink_of, sign
from cockpit.widgets.lines import Lines, fit, spread
from engine.cli import words
from engine.display import display

if TYPE_CHECKING:
    from cockpit.watching.moment import Moment

MARK = " ◆ COCKPIT "
NAME, LEAST = 60, 8
"""Characters of a name at most, and of one that is cut at least."""
ROOMY = 100
"""Columns from which on keys have their whole label."""


def header(places: Sequence[str], right: Line, width: int) -> Line:
    """`places` is the way here. On a narrow screen less of it is said, and where one is comes last to be cut."""
    shown = places if width >= 100 else places[-2:] if width >= 80 else places[-1:]
    mark = MARK if width >= 80 else " ◆ "
    *way, here = [display(place, NAME) for place in shown] or [""]
    room = width - sum(cell_len(text) for text, _ in right) - cell_len(mark) - cell_len(here) - 2
    left: list[tuple[str, str]] = [(mark, "primary bold")]
    for place in way:
        text = place if cell_len(place) + 3 <= room else fit(place, max(room - 3, 0))
        if cell_len(text) < min(cell_len(place), LEAST):
            continue
        room -= cell_len(text) + 3
        left += [(text, "muted"), (" › ", "faint")]
    return spread([*left, (here, "title")], right, width)


def standing(moment: Moment, width: int) -> Line:
    """State, progress and the time, for the right end of a header."""
    status = moment.status
    ink = ink_of(status.state, status.word)
    parts: list[tuple[str, str]] = [
        (f" {sign(status.word)} {display(status.word, 16)} ", f"{ink} chip")
    ]
    if status.step is not None:
        place = words.progress(status.step, status.total)
        share = f"  {100 * status.step / status.total:.1f} %" if status.total else ""
        parts.append((f"  {place}{share}" if width >= 100 else f"  {place}", "text bold"))
    if status.phase and width >= 100:
        parts.append((f"  {display(status.phase, 16)}", "accent"))
    if width >= 80:
        parts.append((f"  {words.moment(moment.frame.now)} ", "muted"))
    return parts


class KeyBar(Lines):
    """The keys of this screen, as many as there is room for; a click on one is that key."""

    DEFAULT_CSS = "KeyBar { dock: bottom; height: 1; }"

    class Pressed(Message):
        """Somebody clicked on a key."""

        def __init__(self, action: Action) -> None:
            super().__init__()
            self.action = action

    def __init__(self, found: Sequence[Action]) -> None:
        super().__init__()
        self._found = found
        self._places: list[tuple[int, int, Action]] = []
        self.show(lambda width, height: [self._line(width)])

    def offer(self, found: Sequence[Action]) -> None:
        if list(found) != list(self._found):
            self._found = found
            self.show(lambda width, height: [self._line(width)])

    def _line(self, width: int) -> Line:
        """The last ones always have their place: help and the way out."""
        room = width >= ROOMY
        tail = [one for one in self._found if 80 <= one.rank < 95]
        kept = [one for one in self._found if one.rank < 80]
        while kept and sum(_size(one, room) for one in [*kept, *tail]) > width:
            kept.pop()
        while tail and sum(_size(one, room) for one in [*kept, *tail]) > width:
            tail.pop(0)
        line: list[tuple[str, str]] = []
        self._places, x = [], 0
        for one in [*kept, *tail]:
            size = _size(one, room)
            self._places.append((x, x + size, one))
            line += [(f" {one.shown}", "key"), (f" {one.words(room)} ", "muted")]
            x += size
        return line

    def on_click(self, event: events.Click) -> None:
        for begin, end, action in self._places:
            if begin <= event.x < end:
                self.post_message(self.Pressed(action))


def _size(action: Action, room: bool) -> int:
    return len(action.shown) + len(action.words(room)) + 3


Heading = tuple[str, int, bool]
"""Name, width, and whether it stands at the right; a width of 0 is left out."""


def titles(columns: Sequence[Heading]) -> Line:
    """The first line of a table."""
    return cells([(name, size, "faint", right) for name, size, right in columns])


def tabled(columns: Sequence[Heading], texts: Line) -> Line:
    """A line of a table: a text and its ink for each column."""
    places = zip(texts, columns, strict=True)
    return cells([(text, size, ink, right) for (text, ink), (_, size, right) in places])


def cells(parts: Sequence[tuple[str, int, str, bool]]) -> Line:
    """Columns of a table: text, width, ink, whether it stands at the right."""
    return [(fit(text, size, right) + " ", ink) for text, size, ink, right in parts if size > 0]
