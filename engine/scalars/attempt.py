"""One attempt's segments folded side by side.

The trainer's own rows count when there are any; otherwise those that a dialect reads from the console.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Mapping

from engine.dialects import Lens, Reader
from engine.events import Lines, Row, Segment, decode
from engine.events.trainer import Saved
from engine.scalars import runner, trainer
from engine.scalars.runner import RunnerFacts
from engine.scalars.spans import Span, Spans
from engine.scalars.tally import Tally
from engine.scalars.trainer import TrainerFacts

SEGMENTS = ("runner", "trainer", "console", "files")


@dataclass(frozen=True)
class AttemptFacts:
    """What is known of one attempt. `source` names the segment its metrics come from."""

    runner: RunnerFacts
    trainer: TrainerFacts
    tally: Tally
    source: str | None
    dialect: str | None
    steps_by: str | None
    """How a console's rows got their steps: told, bar, epoch or count."""
    console_total: int | None
    unreadable: int
    """Lines of the event segments that hold no fact: torn, oversized, foreign."""
    spans: Mapping[str, Span] = field(default_factory=dict)
    ranks: Mapping[int, float] = field(default_factory=dict)
    """Seconds of the newest step that each rank told."""

    @property
    def total(self) -> int | None:
        """Steps of the whole run, as the trainer or its console says."""
        planned = self.trainer.planned
        if planned is not None and planned.total is not None:
            return planned.total
        return self.console_total

    def t_of_last_row(self) -> float | None:
        """When the newest row came: its own time, else the time index's."""
        if self.source in ("trainer", "files") and self.tally.t is not None:
            return self.tally.t
        if self.source not in ("trainer", "console"):
            return None
        return self.runner.when(self.source, self.tally.offset)

    def row_times(self) -> list[float]:
        """Times of the window's rows, where known; rows that one glance found together share one time."""
        if self.source is None:
            return []
        found = []
        for sample in self.tally.recent:
            t = sample.t
            if t is None and self.source != "files":
                t = self.runner.when(self.source, sample.offset)
            if t is not None:
                found.append(t)
        return found


@dataclass(frozen=True)
class Ahead:
    """A trainer's segment as far as `offset`, read by whoever reads it faster than line by line."""

    rows: Tally
    spans: Mapping[str, Span]
    events: tuple[bytes, ...]
    """Lines that hold events, without their ends."""
    unreadable: int
    offset: int


class AttemptFold:
    """Takes bytes of any of the three segments in any pieces; `facts()` is the value so far."""

    def __init__(self, lens: Lens | None = None) -> None:
        self._runner, self._trainer = RunnerFacts(), TrainerFacts()
        self._lines = {"runner": Lines(), "trainer": Lines(), "files": Lines()}
        self._rows, self._told, self._filed = Tally(), Tally(), Tally()
        self._row_spans, self._told_spans = Spans(), Spans()
        self._reader = Reader(lens)
        self._unreadable = 0

    @property
    def speaks(self) -> bool:
        """The trainer tells its metrics itself, so its console is not read for any."""
        return self._rows.rows > 0

    def look(self, lens: Lens) -> None:
        """Read the console by another lens; it has to be fed from its start again."""
        self._reader, self._told = Reader(lens), Tally()

    def feed(self, segment: str, piece: bytes) -> None:
        """Fold more bytes of one segment."""
        if segment == "console":
            self._console(piece)
            return
        kind = Segment.TRAINER if segment == "files" else Segment(segment)
        for line, end in self._lines[segment].feed(piece):
            fact = decode(line, kind)
            if fact is None:
                self._unreadable += bool(line.strip())
            elif isinstance(fact, Row):
                (self._filed if segment == "files" else self._rows).take(fact, end)
                if segment != "files":
                    self._row_spans.take(fact)
            elif kind is Segment.RUNNER:
                self._runner = runner.fold(self._runner, fact)
            else:
                self._trainer = trainer.fold(self._trainer, fact)

    def restart(self, segment: str, offset: int = 0) -> None:
        """The file began anew, or is read on from this offset: what was folded stays, half a line does not."""
        if segment != "runner":
            rows = {"console": self._told, "files": self._filed}.get(segment, self._rows)
            rows.cut |= offset > 0
        if segment == "console":
            self._reader.restart(offset)
        else:
            dropped = self._lines[segment].oversized
            self._lines[segment] = Lines(offset)
            self._lines[segment].oversized = dropped

    def adopt(self, ahead: Ahead) -> None:
        """Take what a faster reader made of the trainer's segment; the next bytes fed are those behind it."""
        for line in ahead.events:
            self.feed("trainer", line + b"\n")
        self._rows, self._row_spans = ahead.rows.copy(), Spans.of(ahead.spans)
        self._unreadable += ahead.unreadable
        self.restart("trainer", ahead.offset)

    def stand(self, known: RunnerFacts, unreadable: int, offset: int) -> None:
        """Take what somebody folded of the runner's segment; the next bytes fed are those behind it."""
        self._runner = known
        self._unreadable += unreadable
        self.restart("runner", offset)

    def _console(self, piece: bytes) -> None:
        for row, end in self._reader.feed(piece):
            self._told.take(row, end)
            self._told_spans.take(row)

    def facts(self) -> AttemptFacts:
        spans = self._told_spans if not self._rows.rows and self._told.rows else self._row_spans
        source, tally = self._source()
        if source == "console":
            for row, end in self._reader.pending():
                tally.take(row, end)
        if source != "files" and self._filed.rows:
            tally.beside(self._filed)
        oversized = self._lines["runner"].oversized + self._lines["trainer"].oversized
        return AttemptFacts(
            runner=self._runner,
            trainer=self._with_claims(),
            tally=tally,
            source=source,
            dialect=self._reader.name if source == "console" else None,
            steps_by=self._reader.steps_by if source == "console" else None,
            console_total=None if source == "trainer" else self._reader.total,
            unreadable=self._unreadable + oversized,
            spans=spans.metrics(),
            ranks=spans.ranks(),
        )

    def _source(self) -> tuple[str | None, Tally]:
        """Whose rows count: the trainer's own, else its console's, else those of its files alone."""
        for source, tally in (
            ("trainer", self._rows),
            ("console", self._told),
            ("files", self._filed),
        ):
            if tally.rows:
                return source, tally.copy()
        return None, Tally()

    def _with_claims(self) -> TrainerFacts:
        """A trainer that tells no checkpoint by an event may print where it saves; nobody verified those."""
        if self._trainer.saved or not self._reader.saved:
            return self._trainer
        claims = [claim for claim in self._reader.saved if claim.step is not None]
        saved = tuple(Saved(None, claim.step or 0, claim.path) for claim in claims)
        return replace(self._trainer, saved=saved)
