"""The record of a run: where it came from, what was asked, what happened to it, what is left of it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from textual.app import ComposeResult

from cockpit.actions import RECORD, REPLAY, bindings
from cockpit.inks import Line
from cockpit.screens.transport import Transport
from cockpit.watching.moment import Moment
from cockpit.watching.watch import Watch
from cockpit.widgets.listing import Listing
from cockpit.widgets.loglines import Hide
from engine.cli import words
from engine.compare.differences import flat
from engine.display import display
from engine.frozen import frozen
from engine.scalars.runner import ExitFacts
from engine.view import AttemptView, View

TEXT = 300
LABEL = 16
KEY = 32


class Record(Transport):
    """One list to read through; `o` adds a note to it."""

    scopes = (RECORD, REPLAY)
    BINDINGS: ClassVar = bindings(RECORD, REPLAY)
    AUTO_FOCUS = "#list"
    name_of_place = "Record"

    def __init__(self, watch: Watch[Moment], hide: Hide) -> None:
        super().__init__(watch, hide)
        self._lines: list[Line] = []

    def body(self) -> ComposeResult:
        listing = Listing(id="list", classes="box")
        listing.border_title = "record"
        yield listing

    def show(self, moment: Moment) -> None:
        super().show(moment)
        self._lines = list(self._record(moment))
        self.query_one(Listing).show(len(self._lines), lambda row, width: self._lines[row])

    def _record(self, moment: Moment) -> Iterator[Line]:
        view = moment.frame.view
        yield from _origin(view)
        yield from _section("attempts", (line for one in view.attempts for line in _attempt(one)))
        yield from _section("asked and noted", _people(view))
        yield from _section("files it should leave", _files(view))
        table = frozen(self.source.run)
        rows = (_key(name, self.hide(value)) for name, value in flat(table))
        yield from _section("the frozen profile", rows)

    def action_copy(self) -> None:
        self.deck.copy(f"engine status {self.source.run.id} --json")


def _section(title: str, lines: Iterator[Line]) -> Iterator[Line]:
    found = list(lines)
    if found:
        yield []
        yield [(f" {title}", "title")]
        yield from found


def _row(label: str, text: str, ink: str = "text") -> Line:
    return [(f"  {label:<{LABEL}}", "faint"), (display(text, TEXT), ink)]


def _key(name: str, value: str) -> Line:
    return [(f"  {name:<{KEY}} ", "muted"), (display(value, TEXT), "text")]


def _origin(view: View) -> Iterator[Line]:
    accepted = view.keeper.accepted
    yield [(" where it came from", "title")]
    if accepted is None:
        yield _row("", "its acceptance is not in the journal", "warn")
        return
    yield _row("run", accepted.run, "accent bold")
    yield _row("profile", f"{accepted.profile}  {accepted.digest[:16]}")
    yield _row("accepted", f"{words.clock(accepted.t)} on {accepted.host}, by {accepted.version}")
    yield _row("folder", accepted.cwd)
    if accepted.parent:
        yield _row("forked from", f"{accepted.parent} at step {words.count(accepted.resume_step)}")


def _attempt(one: AttemptView) -> Iterator[Line]:
    opening, facts = one.opening, one.facts
    begun = words.clock(opening.t)
    yield _row(f"attempt {one.number}", f"{begun}  {opening.reason}, on {opening.machine}")
    if opening.resume_from:
        yield _row("", f"from {opening.resume_from}, step {words.count(opening.resume_step)}")
    if opening.change:
        yield _row("", f"changed: {opening.change}", "warn")
    yield _row("", " ".join(opening.argv), "muted")
    reached = f"steps {words.count(facts.tally.first_step)} to {words.count(facts.tally.step)}"
    if opening.lost:
        yield _row("", f"{reached}; lost: {opening.lost}", "bad")
    elif facts.runner.exit is not None:
        yield _row("", f"{reached}; {_ended(facts.runner.exit)}")
    else:
        yield _row("", f"{reached}; not ended")


def _ended(found: ExitFacts) -> str:
    how = f"exit {found.code}" if found.code is not None else f"signal {found.signal or 'unknown'}"
    memory = ", out of memory" if found.oom else ""
    return f"{how}{memory} after {words.span(found.duration_s)}"


def _people(view: View) -> Iterator[Line]:
    told = [(one.t, one.by, f"asked: {one.kind}{f' ({one.reason})' if one.reason else ''}")
            for one in view.keeper.requests if one.kind != "note"]  # fmt: skip
    told += [(one.t, one.by, f"“{one.text}”") for one in view.keeper.notes]
    for t, by, text in sorted(told, key=lambda one: one[0] or 0.0):
        yield _row(words.moment(t), f"{by} {text}")


def _files(view: View) -> Iterator[Line]:
    found = view.keeper.artifacts
    for name in found.found if found else ():
        yield _row("✔ there", name, "good")
    for name in found.missing if found else ():
        yield _row("✖ missing", name, "bad")
