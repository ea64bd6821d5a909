"""What a run saved, what of it is whole, and going on from one of them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import ClassVar

from textual.app import ComposeResult

from cockpit.actions import CHECKPOINTS, REPLAY, bindings
from cockpit.aside import Answer, asked
from cockpit.inks import Line
from cockpit.proofs import proofs
from cockpit.screens.transport import Transport
from cockpit.watching.moment import Moment
from cockpit.watching.watch import Watch
from cockpit.widgets.bars import Heading, tabled, titles
from cockpit.widgets.lines import Lines
from cockpit.widgets.listing import Listing
from cockpit.widgets.loglines import Hide
from engine.checkpoints import Checkpoint, afar
from engine.cli import words
from engine.display import display
from engine.observe import inspect, place
from engine.status import Seen
from engine.status.answers import Checkpoint as Told
from engine.view import AttemptView, View


@dataclass(frozen=True)
class Shown:
    """A checkpoint in the list. `verified` is None where nobody could look."""

    checkpoint: Checkpoint
    verified: bool | None
    where: str
    best: bool


class Checkpoints(Transport):
    """Newest first; Enter or R goes on from the one under the cursor."""

    scopes = (CHECKPOINTS, REPLAY)
    BINDINGS: ClassVar = bindings(CHECKPOINTS, REPLAY)
    AUTO_FOCUS = "#list"
    name_of_place = "Checkpoints"

    def __init__(self, watch: Watch[Moment], hide: Hide) -> None:
        super().__init__(watch, hide)
        self._rows: list[Shown] = []
        self._hashed: dict[str, bool | None] = {}
        self._asked = False
        """Another machine was asked what lies there."""

    def body(self) -> ComposeResult:
        listing = Listing(id="list", classes="box")
        listing.border_title = "checkpoints"
        listing.empty = "nothing was saved yet; V asks for a checkpoint"
        yield listing
        for name, title in (("chosen", "resume from here"), ("more", "resumes so far")):
            box = Lines(id=name, classes="box")
            box.border_title = title
            yield box

    @property
    def chosen(self) -> Shown | None:
        cursor = self.query_one(Listing).cursor
        return self._rows[cursor] if cursor < len(self._rows) else None

    def can(self, name: str) -> bool:
        if name in ("resume", "resume_here") and self.moment is not None:
            return super().can(name) and self.moment.status.exit_status is not None
        if name == "verify":
            return self.moment is not None and self.moment.position is None
        return super().can(name)

    def show(self, moment: Moment) -> None:
        super().show(moment)
        self._ask_there(moment)
        self._rows = shown(moment)
        self.query_one(Listing).show(len(self._rows), self._line, self._head)
        self._details(moment)

    def _ask_there(self, moment: Moment) -> None:
        """Once for each visit of this screen; what it answers lies with the run, and the next look finds it."""
        if self._asked or not self.source.acts or afar.host_of(moment.frame.view) is None:
            return
        self._asked = True
        self.aside(partial(asked, "checkpoints", self.source.run.id), lambda answer: self.renew())

    def _details(self, moment: Moment) -> None:
        chosen = self._chosen_lines(moment)
        self.words("chosen").show(lambda width, height: chosen)
        self.words("chosen").styles.height = len(chosen) + 2
        lines = proofs(moment.frame.view)
        self.words("more").show(lambda width, height: lines)
        self.words("more").styles.height = min(len(lines), 8) + 2

    @staticmethod
    def _columns(width: int) -> list[Heading]:
        wide = width >= 100
        name = min(max(width - (92 if wide else 52), 12), 48)
        return [
            ("", 2, False),
            ("CHECKPOINT", name, False),
            ("STEP", 10, True),
            ("SAVED", 11, True),
            ("SIZE", 9, True),
            ("HOLDS", 14 if wide else 0, False),
            ("METRIC", 8 if wide else 0, True),
            ("VERIFIED", 12, False),
            ("WHERE", 16 if wide else 0, False),
        ]

    def _head(self, width: int) -> Line:
        return titles(self._columns(width))

    def _line(self, at: int, width: int) -> Line:
        one = self._rows[at]
        good, ink = self._verdict(one)
        texts = [
            (" ★" if one.best else "", "good"),
            (display(one.checkpoint.name, 80), "title"),
            (words.count(one.checkpoint.step), "text"),
            (words.moment(one.checkpoint.t), "muted"),
            (words.size(one.checkpoint.bytes), "muted"),
            (held(one.checkpoint), "muted"),
            (_metric(one.checkpoint), "text"),
            (good, ink),
            (display(one.where + (" · pinned" if one.checkpoint.pinned else ""), 24), "muted"),
        ]
        return tabled(self._columns(width), texts)

    def _verdict(self, one: Shown) -> tuple[str, str]:
        hashed = self._hashed.get(one.checkpoint.path)
        if hashed is not None:
            return ("✔ every byte", "good bold") if hashed else ("✖ broken", "bad bold")
        if one.checkpoint.flaw is not None:
            return "✖ unusable", "bad bold"
        if one.verified is None and one.checkpoint.verified is None:
            return "— unknown", "muted"
        if one.verified is None:
            return "✔ committed", "good"
        return ("✔ sizes", "good") if one.verified else ("✖ broken", "bad bold")

    def _chosen_lines(self, moment: Moment) -> list[Line]:
        one, status = self.chosen, moment.status
        if one is None:
            return [[("no checkpoint to go on from", "muted")]]
        again = ""
        if status.step is not None and one.checkpoint.step is not None:
            again = f"{max(status.step - one.checkpoint.step, 0):,} steps are trained again"
        lines: list[Line] = [
            [("from      ", "faint"), (display(one.checkpoint.path, 200), "text")],
            [
                ("step      ", "faint"),
                (words.count(one.checkpoint.step), "text"),
                (f"   {again}", "muted"),
            ],
            [("known     ", "faint"), *self._known(one)],
        ]
        if status.exit_status is None:
            lines.append([("the run still goes on; S stops it", "warn")])
        elif self.source.acts:
            lines.append([("Enter", "key"), (" resumes from here, after a typed word", "muted")])
        return lines

    def _known(self, one: Shown) -> Line:
        text, ink = self._verdict(one)
        by = _BY.get(one.checkpoint.verified or "", "")
        if one.checkpoint.flaw is not None:
            by = display(one.checkpoint.flaw, 200)
        return [(text, ink), (f"   {by}", "muted")]

    def on_listing_moved(self) -> None:
        if self.moment is not None:
            self._details(self.moment)

    def on_listing_chosen(self) -> None:
        self.action_resume_here()

    def action_resume_here(self) -> None:
        if self.chosen is None or self.moment is None:
            self.deck.tell("there is no checkpoint to go on from", "warning")
        elif self.source.acts:
            self.deck.asking.resume(self.source.run, self.moment.status, self.chosen.checkpoint)

    def action_resume(self) -> None:
        self.action_resume_here()

    def action_verify(self) -> None:
        """Every byte of the one under the cursor, on a thread."""
        one, moment = self.chosen, self.moment
        if one is None or moment is None:
            return
        if afar.is_far(one.checkpoint) and afar.host_of(moment.frame.view) is not None:
            self._verify_there(one.checkpoint)
            return
        told = told_manifest(moment.frame.view, one.checkpoint.path)
        if told is None:
            self.deck.tell(
                "it has no manifest, so nothing says what its bytes should be", "warning"
            )
            return
        path, manifest = told

        def read(seen: Seen) -> None:
            self._hashed[one.checkpoint.path] = bool(seen.here and seen.verified)
            self.renew()

        self.deck.tell("reading every byte…")
        self.aside(partial(inspect, place(path, one.checkpoint.path), manifest, hashes=True), read)

    def _verify_there(self, one: Checkpoint) -> None:
        """It is read where it lies."""

        def read(answer: Answer) -> None:
            found = [row["verified"] for row in answer.rows if row["path"] == one.path]
            if found:
                self._hashed[one.path] = found[0]
            else:
                self.deck.tell(" ".join(answer.trouble) or "it is not there any more", "warning")
            self.renew()

        self.deck.tell("reading every byte there…")
        question = ("checkpoints", self.source.run.id, "verify", one.path)
        self.aside(partial(asked, *question, also=1), read)

    def action_pin(self) -> None:
        """Kept whatever the rules say, or no longer."""
        one = self.chosen
        if one is not None and self.source.acts:
            kind = "unpin" if one.checkpoint.pinned else "pin"
            self.deck.asking.pin(self.source.run, kind, one.checkpoint)

    def action_copy(self) -> None:
        name = f" --from {self.chosen.checkpoint.name}" if self.chosen else ""
        self.deck.copy(f"engine resume {self.source.run.id}{name}")


def shown(moment: Moment) -> list[Shown]:
    """What was announced and what lies there, each once, newest first."""
    best = moment.status.best.step
    told = {one.path: one for one in moment.status.checkpoints}
    lying = {one.path: one for one in moment.saves}
    # What was brought here stands in the row of what lies there.
    brought = {
        one.path: told.pop(one.copy)
        for one in moment.frame.view.keeper.saves.pulled
        if one.path in lying and one.copy in told
    }
    found = []
    for path in {**told, **lying}:
        seen = told.get(path) or brought.get(path)
        one = lying.get(path) or _told(told[path])
        where = told[path].where if path in told else None
        where = where or ", ".join(place.name for place in one.places)
        verified = seen.verified if seen is not None else None
        found.append(Shown(one, verified, where or words.MISSING, one.step == best))
    return sorted(found, key=lambda one: -(one.checkpoint.step or -1))


_BY = {
    "manifest": "its manifest was durable before it was told",
    "committed": "it was complete and still, and a manifest of it was kept",
}


def held(one: Checkpoint) -> str:
    """The first letters of what is inside."""
    return " ".join(part[:5] for part in one.holds) if one.holds else words.MISSING


def _metric(one: Checkpoint) -> str:
    value = next((one.metrics[m] for m in ("eval_loss", "loss") if m in one.metrics), None)
    return words.MISSING if value is None else f"{value:.4g}"


def _told(one: Told) -> Checkpoint:
    """As it was announced; nobody could look at it."""
    return Checkpoint(one.name, one.path, one.step, one.bytes, None, None)


def told_manifest(view: View, path: str) -> tuple[AttemptView, str] | None:
    """The attempt that announced it, and its manifest's digest."""
    for attempt in reversed(view.attempts):
        for saved in attempt.facts.trainer.saved:
            if saved.path == path and saved.manifest:
                return attempt, saved.manifest
    return None
