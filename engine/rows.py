"""A run's metrics as a stream, one value a step: what `tail --metrics` and exports read.

By the rule of the scalar fold: the trainer's own rows count when there are any, else those that a
dialect finds in the console; files add the metrics that neither tells; rows of other ranks are left out; a row
without a step continues the last.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from engine.dialects import Lens, Reader
from engine.events import Lines, Row, Segment, decode
from engine.journal import Follower
from engine.reader import chosen_dialect, lens_of
from engine.runs import Attempt, Run
from engine.sizes import Sizes
from engine.timeline import BLOCK


@dataclass
class Step:
    """The metrics of one step of one attempt."""

    attempt: int
    step: int | None
    t: float | None
    epoch: float | None = None
    phase: str | None = None
    values: dict[str, float] = field(default_factory=dict)

    def add(self, row: Row) -> None:
        self.values.update(row.values)
        self.epoch = self.epoch if row.epoch is None else row.epoch
        self.phase = self.phase if row.phase is None else row.phase


class AttemptRows:
    """Follows one attempt. A step is given out when the next begins, or when asked for the rest."""

    def __init__(self, attempt: Attempt, lens: Lens) -> None:
        self._number = attempt.number
        self._runner, self._sizes = Follower(attempt.runner), Sizes()
        self._trainer, self._lines = Follower(attempt.trainer), Lines()
        self._files, self._filed = Follower(attempt.files), Lines()
        self._names: set[str] = set()
        self._console, self._reader = Follower(attempt.console), Reader(lens)
        self._speaks = False
        self._step: int | None = None
        self._open: Step | None = None

    def read(self) -> Iterator[Step]:
        """The steps that are complete by what is on disk now."""
        while data := self._runner.read(BLOCK).data:
            self._sizes.feed(data)
        for segment, row, end in self._rows():
            if row.rank:
                continue
            before = self._open
            self._take(row, segment, end)
            if before is not None and before is not self._open:
                yield before

    def rest(self) -> Iterator[Step]:
        """The step that may still get more metrics."""
        if not self._speaks:
            for row, end in self._reader.pending():
                if not row.rank:
                    self._take(row, "console", end)
        if self._open is not None:
            yield self._open
            self._open = None

    def _take(self, row: Row, segment: str, end: int) -> None:
        if segment == "files":
            self._add(row, row.step, row.t)
            return
        self._step = self._step if row.step is None else row.step
        if row.values:
            self._names.update(row.values)
            t = self._sizes.when(segment, end) if row.t is None else row.t
            self._add(row, self._step, t)

    def _add(self, row: Row, step: int | None, t: float | None) -> None:
        if self._open is None or self._open.step != step:
            self._open = Step(self._number, step, t)
        self._open.add(row)

    def _rows(self) -> Iterator[tuple[str, Row, int]]:
        while (piece := self._trainer.read(BLOCK)).data:
            if piece.reset:
                self._lines = Lines()
            for line, end in self._lines.feed(piece.data):
                fact = decode(line, Segment.TRAINER)
                if isinstance(fact, Row):
                    self._speaks = True
                    yield "trainer", fact, end
        while not self._speaks and (piece := self._console.read(BLOCK)).data:
            if piece.reset:
                self._reader.restart()
            for row, end in self._reader.feed(piece.data):
                yield "console", row, end
        yield from self._beside()

    def _beside(self) -> Iterator[tuple[str, Row, int]]:
        """What only the script's files tell."""
        while (piece := self._files.read(BLOCK)).data:
            for line, end in self._filed.feed(piece.data):
                fact = decode(line, Segment.TRAINER)
                if isinstance(fact, Row):
                    values = {k: one for k, one in fact.values.items() if k not in self._names}
                    if values:
                        yield "files", fact._replace(values=values), end


class RunRows:
    """Follows all attempts of a run, oldest first."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._attempts: dict[int, AttemptRows] = {}

    def read(self, rest: bool = False) -> Iterator[Step]:
        """New complete steps; with `rest` also those that may still get more metrics."""
        for attempt in self._run.attempts():
            if attempt.number not in self._attempts:
                lens = lens_of(attempt, chosen_dialect(self._run))
                self._attempts[attempt.number] = AttemptRows(attempt, lens)
            rows = self._attempts[attempt.number]
            yield from rows.read()
            if rest:
                yield from rows.rest()


def steps(run: Run) -> Iterator[Step]:
    """Every step of a run as its files are now."""
    return RunRows(run).read(rest=True)
