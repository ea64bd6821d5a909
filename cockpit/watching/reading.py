"""Follows the metrics of a run's attempts as their files grow, and cuts them where a recording stands."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from cockpit.plot.grown import Grown
from cockpit.watching.clock import Clock
from engine import vault
from engine.columns import (
    EMPTY,
    Source,
    Table,
    ahead,
    of_console,
    of_files,
    of_trainer,
    preview,
    tally,
    times,
)
from engine.columns.prefix import until
from engine.columns.series import Floats
from engine.curves.curves import Curves, Part
from engine.reader import LONG, lens_of
from engine.runs import Attempt, Run
from engine.scalars import Ahead, AttemptFold
from engine.sizes import Sizes
from engine.view import AttemptView, View

SLICE = 32 << 20
"""Bytes of a segment that are read before something is shown again."""
HEAD = 16 << 10
"""Bytes at the start of a segment in which a trainer tells its plan."""


@dataclass
class _Attempt:
    """Follows what one attempt told, from whichever segment its metrics come."""

    run: Run
    attempt: Attempt
    sizes: Sizes
    source: Source | None = None
    segment: str = ""
    glance: Table | None = None
    held: bool = False
    """Its rows are read here first, and the fold waits for them; until then `glance` stands for them."""
    chosen: str | None = None
    _cut: tuple[object, Part] | None = None
    _room: Grown = field(default_factory=Grown)
    _steps: Floats = field(default_factory=lambda: np.empty(0))
    _read: object = None

    def read(self, segment: str) -> None:
        if self.source is None or segment != self.segment:
            self.meet(segment)
        assert self.source is not None, "it was met"
        self.source.poll(SLICE)

    def meet(self, segment: str) -> None:
        """A long trainer's segment is shown at a glance until it is read."""
        self.segment = segment
        if segment == "files":
            self.source = of_files(self.run, self.attempt)
        elif segment == "trainer":
            self.source = of_trainer(self.run, self.attempt)
            self.glance = preview(self.attempt.trainer) if self.source.behind > LONG else None
        else:
            self.source = of_console(self.run, self.attempt, lens_of(self.attempt, self.chosen))

    def guessed(self, seen: AttemptView) -> AttemptView:
        """What the rows at a glance and the first lines tell of an attempt: its plan, its last values, its step."""
        head = AttemptFold()
        with contextlib.suppress(OSError), vault.opened(self.attempt.trainer) as file:
            head.feed("trainer", file.read(HEAD))
        told, source = head.facts().trainer, "trainer"
        facts = replace(seen.facts, trainer=told, tally=tally(self.table), source=source)
        return replace(seen, facts=facts)

    @property
    def behind(self) -> int:
        return self.source.behind if self.source is not None else 0

    @property
    def table(self) -> Table:
        return self.glance or (self.source.columns.table() if self.source else EMPTY)

    def part(self, reach: int) -> Part:
        table = self.table
        shown = until(table, reach)
        last = int(shown.ends[-1]) if len(shown) else 0
        noted = 0
        if shown.t.rows is not None:
            noted = len(self.sizes.index(self.segment)[0])
        elif self.segment == "trainer":
            self.sizes.forget("trainer")  # every row has told its time
        key = (self.segment, len(shown), last, shown.preview, noted)
        if self._cut is None or self._cut[0] != key:
            seen = np.asarray(times(shown, self.sizes, self.segment), np.float64)
            steps = self._stepped(shown)
            self._cut = key, Part(self.attempt.number, self.segment, shown, steps, seen)
        return self._cut[1]

    def _stepped(self, shown: Table) -> Floats:
        """As charts want them, converted once: a table of the same reading begins with the same rows."""
        reading = self.source.columns if self.source and not shown.preview else None
        known = self._steps[: len(shown)] if reading is self._read else self._steps[:0]
        self._read = reading
        self._steps = self._room.joined(known, shown.step[len(known) :])
        return self._steps


def _without(part: Part, told: Mapping[str, object]) -> Part:
    """The metrics that the rows that count do not tell."""
    metrics = {name: one for name, one in part.table.metrics.items() if name not in told}
    return replace(part, table=replace(part.table, metrics=metrics))


class Reading:
    """Follows the metrics of all attempts of a run. What a trainer told at length is read here, once and first."""

    def __init__(self, run: Run, clock: Clock) -> None:
        self._run, self._clock = run, clock
        self._attempts: dict[int, _Attempt] = {}
        self._beside: dict[int, _Attempt] = {}
        """What files tell beside the rows that count."""
        self._curves = Curves()

    def holds(self, attempt: Attempt) -> bool:
        """Whether to read this one ahead of the fold, which takes a line at a time."""
        long = (vault.size(attempt.trainer) or 0) > LONG
        if long:
            self._of(attempt).held = True
            self._of(attempt).meet("trainer")
        return long

    def advance(self) -> Iterator[tuple[int, Ahead]]:
        """Read on in what is held; what was read to its end is let go."""
        for number, one in sorted(self._attempts.items()):
            if not one.held:
                continue
            one.read("trainer")
            if one.source is not None and one.behind < LONG:
                one.held, one.glance = False, None
                yield number, ahead(one.source.columns.saved())

    def foreseen(self, view: View) -> View:
        """With what is known so far of attempts that are still held."""
        found = tuple(
            self._attempts[one.number].guessed(one)
            if one.number in self._attempts and self._attempts[one.number].held
            else one
            for one in view.attempts
        )
        return view if found == view.attempts else replace(view, attempts=found)

    def read(self, view: View) -> None:
        """`view` says which segment each attempt's metrics come from."""
        sources = {a.number: a.facts.source for a in view.attempts}
        for attempt in self._run.attempts():
            segment = sources.get(attempt.number)
            if segment is not None and not self._of(attempt, view.keeper.dialect).held:
                self._of(attempt, view.keeper.dialect).read(segment)
            if segment != "files" and vault.size(attempt.files) is not None:
                self._aside(attempt).read("files")

    def _of(self, attempt: Attempt, chosen: str | None = None) -> _Attempt:
        known = self._attempts.get(attempt.number)
        if known is None or (known.segment == "console" and known.chosen != chosen):
            sizes = self._clock.sizes(attempt)
            known = _Attempt(self._run, attempt, sizes, chosen=chosen)
            self._attempts[attempt.number] = known
        return known

    def _aside(self, attempt: Attempt) -> _Attempt:
        if attempt.number not in self._beside:
            sizes = self._clock.sizes(attempt)
            self._beside[attempt.number] = _Attempt(self._run, attempt, sizes)
        return self._beside[attempt.number]

    @property
    def behind(self) -> int:
        return sum(one.behind for one in self._attempts.values())

    def curves(self, reach: Mapping[str, int] | None = None) -> Curves:
        parts = tuple(self._parts(reach or {}))
        known = self._curves.parts
        if len(parts) != len(known) or any(a is not b for a, b in zip(parts, known, strict=True)):
            self._curves = Curves(parts)
        return self._curves

    def _parts(self, reach: Mapping[str, int]) -> Iterable[Part]:
        for number, one in sorted(self._attempts.items()):
            part = one.part(reach.get(f"{number}/{one.segment}", 1 << 62))
            if len(part.table):
                yield part
            if number in self._beside:
                more = self._beside[number].part(reach.get(f"{number}/files", 1 << 62))
                if len(more.table):
                    yield _without(more, part.table.metrics)
