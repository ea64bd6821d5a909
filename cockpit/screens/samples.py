"""What the model wrote, prompt by prompt, from checkpoint to checkpoint: whether it learns to speak."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from textual.app import ComposeResult

from cockpit.actions import REPLAY, SAMPLES, bindings
from cockpit.inks import Line
from cockpit.screens.transport import Transport
from cockpit.watching.moment import Moment
from cockpit.watching.watch import Watch
from cockpit.widgets.bars import cells
from cockpit.widgets.lines import folded
from cockpit.widgets.listing import Listing
from cockpit.widgets.loglines import Hide, plain
from engine.cli import words

TRIGRAM = 3
MUCH = 0.3
"""Share of repeated word triples above which a text goes in circles."""


@dataclass(frozen=True)
class Sample:
    """One text; `repeats` is the share of its word triples that it had said before."""

    attempt: int
    step: int
    prompt: str
    text: str

    @property
    def repeats(self) -> float | None:
        found = self.text.split()
        triples = [tuple(found[at : at + TRIGRAM]) for at in range(len(found) - TRIGRAM + 1)]
        return 1 - len(set(triples)) / len(triples) if triples else None


class Samples(Transport):
    """Newest first, so that what it says now is at the top."""

    scopes = (SAMPLES, REPLAY)
    BINDINGS: ClassVar = bindings(SAMPLES, REPLAY)
    AUTO_FOCUS = "#list"
    name_of_place = "Probe"

    def __init__(self, watch: Watch[Moment], hide: Hide) -> None:
        super().__init__(watch, hide)
        self._rows: list[Sample] = []

    def body(self) -> ComposeResult:
        listing = Listing(id="list", classes="box")
        listing.border_title = "what it wrote"
        listing.empty = "nothing was written yet; [eval] prompts asks for it at each evaluation"
        yield listing
        yield self.box("whole", "the whole text")

    def show(self, moment: Moment) -> None:
        super().show(moment)
        self._rows = samples(moment)
        self.query_one(Listing).show(len(self._rows), self._line, self._head)
        self._tell()

    def _tell(self) -> None:
        cursor = self.query_one(Listing).cursor
        row = self._rows[cursor] if cursor < len(self._rows) else None
        self.words("whole").show(lambda width, height: self._whole(row, width, height))

    def _whole(self, row: Sample | None, width: int, height: int) -> list[Line]:
        if row is None:
            return [[("—", "faint")]]
        said = plain(row.prompt, self.hide)
        lines: list[Line] = [[(f"step {row.step:,}  ", "accent bold"), (said, "muted")]]
        for said in row.text.splitlines():
            lines += [[(part, "text")] for part in folded(plain(said, self.hide), width)]
        return lines[:height]

    def _columns(self, width: int) -> tuple[int, int]:
        prompt = min(max(width // 4, 14), 40)
        return prompt, max(width - prompt - 22, 8)

    def _head(self, width: int) -> Line:
        prompt, text = self._columns(width)
        return cells([(" STEP", 9, "faint", True), ("REPEATS", 8, "faint", True),
                      ("PROMPT", prompt, "faint", False), ("WROTE", text, "faint", False)])  # fmt: skip

    def _line(self, at: int, width: int) -> Line:
        row = self._rows[at]
        prompt, text = self._columns(width)
        again = row.repeats
        told = words.MISSING if again is None else f"{100 * again:.0f} %"
        bad = again is not None and again > MUCH
        first = at == 0 or self._rows[at - 1].step != row.step
        return cells([(f"{row.step:,}" if first else "", 9, "title", True),
                      (f"{'⚠ ' if bad else ''}{told}", 8, "warn" if bad else "muted", True),
                      (plain(row.prompt, self.hide), prompt, "muted", False),
                      (plain(" ↵ ".join(row.text.split("\n")), self.hide), text, "text", False)])  # fmt: skip

    def on_listing_moved(self) -> None:
        self._tell()

    def action_copy(self) -> None:
        self.deck.copy(f"engine tail {self.source.run.id} --events")


def samples(moment: Moment) -> list[Sample]:
    """Those that are kept, newest first."""
    found = [
        Sample(attempt.number, one.step, one.prompt, one.text)
        for attempt in moment.frame.view.attempts
        for one in attempt.facts.trainer.samples
    ]
    return sorted(found, key=lambda one: (-one.step, one.prompt))
