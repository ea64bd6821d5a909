"""Help: the keys of where one was, every other action with its command, and the words on the screen."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar

from textual.app import ComposeResult

from cockpit.actions import ANY, CHART, HELP, LIST, PARTS, REPLAY, bindings, of
from cockpit.inks import Line
from cockpit.screens.base import Place
from cockpit.widgets.bars import cells
from cockpit.widgets.listing import Listing

GLOSSARY = (
    ("LIVE", "its heart beat within 15 s, its process exists, its steps come as they use to"),
    ("QUIET", "alive, but nothing was printed for longer than usual"),
    ("STALLED", "alive, but its step is frozen for far longer than any step took"),
    ("OFFLINE", "we cannot see it; it may well go on"),
    ("LOST", "machine or process is gone and left no exit record"),
    ("DONE", "exit 0, every step made, every expected file there"),
    ("INCOMPLETE", "exit 0 before the last step, or something expected is missing"),
    ("AT RISK", "work that no verified checkpoint holds: what is lost if it dies now"),
    ("(93 %)", "in brackets: it was so when last read; it is not being measured now"),
    ("—", "unknown; never zero"),
    ("◆ ↻ ┃ ‼ ★", "a checkpoint, a resume, a phase, an alarm, the best value"),
)


APART = (("On a chart", CHART), ("In a list", LIST), ("In a replay", REPLAY))
ROOMY = 100


class Manual(Place):
    """Esc goes back to where it was asked for."""

    scopes = (HELP,)
    BINDINGS: ClassVar = bindings(HELP)
    AUTO_FOCUS = "#manual"

    def __init__(self, scopes: Sequence[str], run: str | None) -> None:
        super().__init__()
        self._rows = list(_rows(scopes, run))

    def body(self) -> ComposeResult:
        listing = Listing(id="manual", classes="box")
        listing.border_title = "help"
        yield listing

    def places(self) -> Sequence[str]:
        return ["Fleet", "Help"]

    def renew(self) -> None:
        super().renew()
        self.query_one(Listing).show(
            len(self._rows), lambda row, width: self._rows[row].line(width)
        )

    def action_copy(self) -> None:
        command = self._rows[self.query_one(Listing).cursor].command
        if command:
            self.deck.copy(command)


@dataclass(frozen=True)
class Row:
    """A title, or what a key or a word means; `command` does the same."""

    name: str = ""
    label: str = ""
    says: str = ""
    command: str = ""

    def line(self, width: int) -> Line:
        """On a narrow screen either the command or the words, not half of both."""
        if not self.label:
            return [(f" {self.name}", "title")]
        if width >= ROOMY:
            rest = [(self.says, 38, "muted", False), (self.command, width - 76, "faint", False)]
        else:
            rest = [(self.command or self.says, width - 32, "muted", False)]
        return cells([(self.name, 9, "key", True), (self.label, 20, "text", False), *rest])


@dataclass(frozen=True)
class Meaning(Row):
    """A word of the screen."""

    def line(self, width: int) -> Line:
        return cells([("", 1, "text", False), (self.name, 11, "accent bold", False),
                      (self.label, width - 15, "text", False)])  # fmt: skip


def _rows(scopes: Sequence[str], run: str | None) -> Iterator[Row]:
    places = [scope for scope in scopes if scope not in (REPLAY, *PARTS)]
    sections = [("Keys here", (*places, ANY))]
    sections += [(title, (scope,)) for title, scope in APART if scope in scopes]
    for title, found in sections:
        yield Row(title)
        for one in of(*found):
            yield Row(one.shown, one.label, one.says, one.command(run))
        yield Row()
    yield Row("What the words claim")
    for word, says in GLOSSARY:
        yield Meaning(word, says)
