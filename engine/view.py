"""Everything known of a run after prefixes of its segments: `view = fold(prefixes)`.

Each segment folds on its own, so any interleaving and any cut of the bytes gives the same View. Nothing here reads a
file or a clock; state, cost and alarms are computed from a View, never kept in it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from engine.dialects import Lens
from engine.events import Lines, Row, Segment, decode
from engine.scalars import AttemptFacts, AttemptFold, KeeperFacts, keeper
from engine.scalars.keeper import Opening
from engine.scalars.tally import Best


@dataclass(frozen=True)
class AttemptView:
    """One attempt: how it was opened and what its segments tell."""

    number: int
    opening: Opening
    facts: AttemptFacts


@dataclass(frozen=True)
class View:
    """A run as of the bytes read so far; the newest attempt comes last."""

    keeper: KeeperFacts
    attempts: tuple[AttemptView, ...]
    unreadable: int

    @property
    def last(self) -> AttemptView | None:
        return self.attempts[-1] if self.attempts else None

    @property
    def step(self) -> int | None:
        """Where the training stands: the newest attempt that has told a step."""
        told = [a.facts.tally.step for a in self.attempts if a.facts.tally.step is not None]
        return told[-1] if told else None

    @property
    def total(self) -> int | None:
        totals = [a.facts.total for a in self.attempts if a.facts.total is not None]
        return totals[-1] if totals else None

    @property
    def phase(self) -> str | None:
        phases = [a.facts.trainer.phase or a.facts.tally.phase for a in self.attempts]
        return next((phase for phase in reversed(phases) if phase), None)

    @property
    def metrics(self) -> Mapping[str, float]:
        """The last value of each metric, of whichever attempt told it last."""
        merged: dict[str, float] = {}
        for attempt in self.attempts:
            merged.update(attempt.facts.tally.last)
        return merged

    def best(self) -> tuple[str, Best] | None:
        """The lowest evaluation loss of all attempts, or the lowest loss where none was evaluated."""
        for metric in ("eval_loss", "loss"):
            found = [
                a.facts.tally.best[metric] for a in self.attempts if metric in a.facts.tally.best
            ]
            if found:
                return metric, min(found, key=lambda best: best.value)
        return None


class RunFold:
    """Takes bytes of any segment in any pieces. A segment is named `keeper` or `<attempt>/<runner|trainer|console>`."""

    def __init__(self) -> None:
        self._keeper = KeeperFacts()
        self._lines = Lines()
        self._unreadable = 0
        self._attempts: dict[int, AttemptFold] = {}
        self._lenses: dict[int, Lens] = {}

    def feed(self, segment: str, piece: bytes) -> None:
        """Fold more bytes of one segment."""
        number, _, part = segment.rpartition("/")
        if number:
            self.attempt(int(number)).feed(part, piece)
            return
        for line, _ in self._lines.feed(piece):
            fact = decode(line, Segment.KEEPER)
            if fact is None or isinstance(fact, Row):
                self._unreadable += bool(line.strip())
            else:
                self._keeper = keeper.fold(self._keeper, fact)

    def restart(self, segment: str) -> None:
        """The file under a segment began anew."""
        number, _, part = segment.rpartition("/")
        if number:
            self.attempt(int(number)).restart(part)
        else:
            self._lines = Lines()

    def stand(self, known: KeeperFacts, unreadable: int, offset: int) -> None:
        """Take what somebody folded of the keeper's segment; the next bytes fed are those behind it."""
        self._keeper, self._unreadable, self._lines = known, unreadable, Lines(offset)

    def attempt(self, number: int) -> AttemptFold:
        """The fold of one attempt, begun when first asked for."""
        if number not in self._attempts:
            self._attempts[number] = AttemptFold(self._lenses.get(number))
        return self._attempts[number]

    def look(self, number: int, lens: Lens) -> None:
        """How this attempt's console is to be read; only before its first byte."""
        self._lenses.setdefault(number, lens)

    def view(self) -> View:
        """An attempt is part of the run from the moment it was opened; files of one that never was do not count."""
        attempts = tuple(
            AttemptView(o.number, o, self.attempt(o.number).facts())
            for o in sorted(self._keeper.openings, key=lambda o: o.number)
        )
        unreadable = self._unreadable + self._lines.oversized
        unreadable += sum(attempt.facts.unreadable for attempt in attempts)
        return View(self._keeper, attempts, unreadable)
