"""What goes between a run's machine and this one: what came, what is on its way, what is only there."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any, ClassVar

from textual.app import ComposeResult

from cockpit.actions import REPLAY, SYNC, bindings
from cockpit.aside import asked
from cockpit.crossings import Crossing, crossings, history, rules
from cockpit.inks import Line
from cockpit.screens.transport import Transport
from cockpit.watching.moment import Moment
from cockpit.watching.watch import Watch
from cockpit.widgets.bars import Heading, tabled, titles
from cockpit.widgets.listing import Listing
from cockpit.widgets.loglines import Hide
from engine.cli import words
from engine.display import display
from engine.frozen import frozen

PATH = 72
LONGEST = 6
"""Lines of a plan or of what came at most; more of them are counted."""


class Sync(Transport):
    """The list follows by itself; g fetches now, w looks what would come."""

    scopes = (SYNC, REPLAY)
    BINDINGS: ClassVar = bindings(SYNC, REPLAY)
    AUTO_FOCUS = "#list"
    name_of_place = "Sync"

    def __init__(self, watch: Watch[Moment], hide: Hide) -> None:
        super().__init__(watch, hide)
        self._rows: list[Crossing] = []
        self._plan: list[Line] = [[("w looks what would come", "muted")]]

    def body(self) -> ComposeResult:
        listing = Listing(id="list", classes="box")
        listing.border_title = "there and here"
        yield listing
        yield self.box("plan", "what would come")
        yield self.box("rules", "by the profile")
        yield self.box("more", "what came")

    def show(self, moment: Moment) -> None:
        super().show(moment)
        table = frozen(self.source.run)
        workspace = _table(table, "workspace")
        self._rows = crossings(moment, workspace)
        self.query_one(Listing).show(len(self._rows), self._line, self._head)
        self.fill("plan", self._plan)
        self.fill("rules", rules(workspace, table))
        came = history(moment.frame.view) or [[("nothing came yet", "muted")]]
        more = len(came) - LONGEST
        if more > 0:
            came = [*came[: LONGEST - 1], [(f"and {more + 1:,} before", "faint")]]
        self.fill("more", came)

    @staticmethod
    def _columns(width: int) -> list[Heading]:
        wide = width >= 80
        when = 20 if wide else 0
        state = min(max(width - 60, 22), 48) if wide else 26
        name = min(max(width - state - when - 18, 10), 48)
        return [
            ("", 2, False),
            ("WHAT", name, False),
            ("SIZE", 9, True),
            ("STATE", state, False),
            ("WHEN", when, False),
        ]

    def _head(self, width: int) -> Line:
        return titles(self._columns(width))

    def _line(self, at: int, width: int) -> Line:
        one = self._rows[at]
        texts = [
            (f" {one.sign}", f"{one.ink} bold"),
            (one.name, "title" if one.ink != "faint" else "muted"),
            (words.size(one.size) if one.size is not None else "", "muted"),
            (one.state, one.ink),
            (one.when, "muted"),
        ]
        return tabled(self._columns(width), texts)

    def action_pull(self) -> None:
        self.deck.asking.pull(self.source.run)

    def action_outlook(self) -> None:
        """The machine is asked, on a thread."""
        self._planned([[("asking the machine…", "muted")]])
        self.aside(partial(outlook, self.source.run.id), self._planned)

    def _planned(self, lines: list[Line]) -> None:
        self._plan = lines
        self.renew()

    def action_copy(self) -> None:
        self.deck.copy(f"engine pull {self.source.run.id}")


def outlook(name: str) -> list[Line]:
    """What is there and not here, as `engine pull --dry-run` says it."""
    told = asked("pull", name, "--dry-run")
    if told.trouble:
        return [[(line, "warn")] for line in told.trouble]
    if not told.rows:
        return [[("everything is here", "good")]]
    whole = sum(row["bytes"] or 0 for row in told.rows)
    lines: list[Line] = [[(f"{len(told.rows):,} to fetch, {words.size(whole)}", "title")]]
    for row in told.rows[: LONGEST - 1]:
        size = words.size(row["bytes"])
        path = (f"{_end(str(row['path']))}  ", "text")
        lines.append([(f"{display(row['kind'], 12):<12}", "muted"), path, (size, "muted")])
    return lines


def _end(path: str) -> str:
    """Where they differ."""
    return display(path if len(path) <= PATH else f"…{path[1 - PATH :]}", PATH)


def _table(table: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = table.get(name)
    return found if isinstance(found, Mapping) else {}
