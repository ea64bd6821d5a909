"""Help: the keys of where one was, every other action with its command, and the words on the screen."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import ClassVar

from textual.app import ComposeResult

from cockpit.actions import ANY, CHART, HELP, REPLAY, Action, bindings, of
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


class Manual(Place):
    """Esc goes back to where it was asked for."""

    scopes = (HELP,)
    BINDINGS: ClassVar = bindings(HELP)
    AUTO_FOCUS = "#manual"

    def __init__(self, scopes: Sequence[str], run: str | None) -> None:
        super().__init__()
        self._lines = list(_lines(scopes, run))

    def body(self) -> ComposeResult:
        listing = Listing(id="manual", classes="box")
        listing.border_title = "help"
        yield listing

    def places(self) -> Sequence[str]:
        return ["Fleet", "Help"]

    def renew(self) -> None:
        super().renew()
        self.query_one(Listing).show(len(self._lines), lambda row, width: self._lines[row])

    def action_back(self) -> None:
        self.deck.back()

    def action_copy(self) -> None:
        row = self.query_one(Listing).cursor
        command = self._lines[row][-1][0].strip() if self._lines[row] else ""
        if command.startswith(("engine ", "cockpit ")):
            self.deck.copy(command)


def _lines(scopes: Sequence[str], run: str | None) -> Iterator[Line]:
    yield [(" Keys here", "title")]
    for one in of(*(scope for scope in scopes if scope != REPLAY), ANY):
        yield _action(one, run)
    for title, scope in (("On a chart", CHART), ("In a replay", REPLAY)):
        if scope == CHART and "run" not in scopes:
            continue
        yield []
        yield [(f" {title}", "title")]
        for one in of(scope):
            yield _action(one, run)
    yield []
    yield [(" What the words claim", "title")]
    for word, says in GLOSSARY:
        yield cells(
            [("", 2, "text", False), (word, 14, "accent bold", False), (says, 90, "text", False)]
        )


def _action(one: Action, run: str | None) -> Line:
    return [
        *cells(
            [
                (one.shown, 9, "key", True),
                (one.label, 20, "text", False),
                (one.says, 30, "muted", False),
            ]
        ),
        (one.command(run), "faint"),
    ]
