"""Questions: a word to be typed, a text, or one of a list. Each answers with a value and changes nothing itself."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar, TypeVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Input

from cockpit.inks import Line
from cockpit.widgets.bars import cells
from cockpit.widgets.lines import Lines, fit
from cockpit.widgets.listing import Listing

R = TypeVar("R")


class Dialog(ModalScreen[R]):
    """Esc answers nothing."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "dismiss", "Cancel", show=False)]


class Word(Dialog[bool]):
    """Yes only to this very word, typed; says before what will happen."""

    def __init__(self, title: str, says: Sequence[Line], word: str, grave: bool = False) -> None:
        super().__init__(classes="grave" if grave else "")
        self._title, self._says, self.word = title, says, word

    def compose(self) -> ComposeResult:
        box = Vertical(id="dialog")
        box.border_title = self._title
        with box:
            yield Lines(lambda width, height: [[], *self._says, []], id="says")
            ask: Line = [("Type ", "muted"), (self.word, "title"), (" and press Enter. ", "muted"),
                         ("Esc", "key"), (" leaves everything as it is.", "muted")]  # fmt: skip
            yield Lines(lambda width, height: [ask])
            yield Input(id="word")
            yield Lines(lambda width, height: [[]])

    def on_mount(self) -> None:
        self.query_one("#says", Lines).styles.height = len(self._says) + 2
        self.query_one(Input).focus()

    @on(Input.Submitted)
    def answer(self, event: Input.Submitted) -> None:
        if event.value.strip().lower() == self.word:
            self.dismiss(True)
        else:
            event.input.value = ""


class Text(Dialog[str]):
    """One line of text; empty is an answer too."""

    def __init__(self, title: str, hint: str, value: str = "") -> None:
        super().__init__()
        self._title, self._hint, self._value = title, hint, value

    def compose(self) -> ComposeResult:
        box = Vertical(id="dialog")
        box.border_title = self._title
        with box:
            yield Input(self._value, id="text")
            yield Lines(lambda width, height: [[(f" {self._hint}", "muted")], []])

    def on_mount(self) -> None:
        self.query_one(Input).focus()

    @on(Input.Submitted)
    def answer(self, event: Input.Submitted) -> None:
        self.dismiss(event.value)


@dataclass(frozen=True)
class Item:
    """A line to choose: what it is, what it does, how else it can be had."""

    name: str
    says: str
    command: str = ""
    key: str = ""


class Choice(Dialog[Item]):
    """One of a list, found by typing parts of it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "move(-1)", "Up", show=False, priority=True),
        Binding("down", "move(1)", "Down", show=False, priority=True),
        Binding("ctrl+y", "copy", "Copy its command", show=False, priority=True),
    ]

    def __init__(
        self,
        title: str,
        items: Sequence[Item],
        hint: str,
        copy: Callable[[str], object] | None = None,
    ) -> None:
        super().__init__()
        self._title, self._items, self._hint, self._copy = title, items, hint, copy
        self._found = list(items)

    def compose(self) -> ComposeResult:
        box = Vertical(id="dialog")
        box.border_title = self._title
        with box:
            yield Input(id="part")
            yield Listing()
            yield Lines(lambda width, height: [[(f" {self._hint}", "faint")]])

    def on_mount(self) -> None:
        listing = self.query_one(Listing)
        listing.can_focus = False
        listing.empty = "nothing of that name"
        self.query_one(Input).focus()
        self._show()

    def _show(self) -> None:
        self.query_one(Listing).show(len(self._found), self._line)

    def _line(self, row: int, width: int) -> Line:
        item = self._found[row]
        here = row == self.query_one(Listing).cursor
        rest = max(width - 34, 0)
        says = max(rest - len(item.command) - 2, 0)
        line = cells(
            [
                (" ▸" if here else "  ", 2, "primary bold", False),
                (item.key, 6, "key", True),
                (item.name, 22, "title" if here else "text", False),
            ]
        )
        return [*line, (fit(item.says, says), "muted"), (f" {item.command}", "faint")]

    @on(Input.Changed)
    def search(self, event: Input.Changed) -> None:
        words = event.value.lower().split()
        self._found = [
            item
            for item in self._items
            if all(word in f"{item.name} {item.says} {item.command}".lower() for word in words)
        ]
        self._show()

    @on(Input.Submitted)
    def answer(self) -> None:
        cursor = self.query_one(Listing).cursor
        if self._found:
            self.dismiss(self._found[cursor])

    def on_listing_chosen(self, event: Listing.Chosen) -> None:
        self.dismiss(self._found[event.row])

    def action_copy(self) -> None:
        cursor = self.query_one(Listing).cursor
        if self._copy is not None and self._found and self._found[cursor].command:
            self._copy(self._found[cursor].command)

    def action_move(self, rows: int) -> None:
        listing = self.query_one(Listing)
        listing.to(listing.cursor + rows)
        listing.refresh()
