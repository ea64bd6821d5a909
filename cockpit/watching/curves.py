"""The metrics of a run as curves: the tables of its attempts, as far as each is there, one behind the other."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np

from cockpit.plot.grown import Grown
from cockpit.watching.clock import Clock
from cockpit.watching.reach import until
from engine.columns import (
    EMPTY,
    Source,
    Table,
    ahead,
    of_console,
    of_trainer,
    preview,
    tally,
    times,
)
from engine.columns.series import Column, Floats
from engine.reader import LONG, dialect_of
from engine.runs import Attempt, Run
from engine.scalars import Ahead, AttemptFold
from engine.timeline import Sizes
from engine.view import AttemptView, View

SLICE = 32 << 20
"""Bytes of a segment that are read before something is shown again."""
HEAD = 16 << 10
"""Bytes at the start of a segment in which a trainer tells its plan."""
NEAR = 4096
"""Rows among which the first with a time is looked for at once."""
Points = tuple[Column, Floats]


@dataclass(frozen=True, eq=False)
class Part:
    """One attempt: its rows, and when each was there (NaN: unknown)."""

    attempt: int
    segment: str
    table: Table
    steps: Floats
    times: Floats


@dataclass(frozen=True, eq=False)
class Curves:
    """All attempts' rows, oldest first. What was asked once is kept: the same arrays are given again."""

    parts: tuple[Part, ...] = ()
    _given: dict[tuple[str, str], Points] = field(default_factory=dict, repr=False)

    @property
    def metrics(self) -> tuple[str, ...]:
        """Names in the order in which they were first told."""
        return tuple(dict.fromkeys(name for part in self.parts for name in part.table.metrics))

    @cached_property
    def begun(self) -> float | None:
        """When the first row was there."""
        for part in self.parts:
            for at in range(0, len(part.times), NEAR):
                near = part.times[at : at + NEAR]
                known = near[np.isfinite(near)]
                if len(known):
                    return float(known[0])
        return None

    def points(self, metric: str, axis: str = "step") -> Points:
        """(x, values) of one metric by step or by elapsed seconds."""
        key = metric, axis
        if key not in self._given:
            self._given[key] = self._points(metric, axis)
        return self._given[key]

    def _points(self, metric: str, axis: str) -> Points:
        begun = self.begun or 0.0
        found = [self._part(part, metric, axis, begun) for part in self.parts]
        found = [one for one in found if len(one[1])]
        if len(found) == 1:
            return found[0]
        if not found:
            return np.empty(0), np.empty(0)
        return np.concatenate([x for x, _ in found]), np.concatenate([y for _, y in found])

    @staticmethod
    def _part(part: Part, metric: str, axis: str, begun: float) -> Points:
        series = part.table.metrics.get(metric)
        if series is None:
            return np.empty(0), np.empty(0)
        if axis == "time":
            return series.of(part.times) - begun, series.values
        return series.of(part.steps), series.values

    def pace(self, axis: str = "step") -> Points:
        """(x, seconds a step) where two rows' times are known."""
        key = "", axis
        if key not in self._given:
            self._given[key] = self._pace(axis)
        return self._given[key]

    def _pace(self, axis: str) -> Points:
        begun, xs, ys = self.begun or 0.0, [], []
        for part in self.parts:
            step, t = part.steps, part.times
            if len(step) < 2:
                continue
            last = np.append(t[1:] != t[:-1], True)  # rows that one glance found share its time
            step, t = step[last], t[last]
            gap, wide = np.diff(t), np.diff(step)
            fine = np.isfinite(gap) & (gap > 0) & (wide > 0)
            xs.append(((t - begun) if axis == "time" else step)[1:][fine])
            ys.append(gap[fine] / wide[fine])
        if not xs:
            return np.empty(0), np.empty(0)
        return np.concatenate(xs), np.concatenate(ys)

    def step_of(self, attempt: int, end: int, t: float | None) -> int | None:
        """The step that a console's line tells, or that stood when it came."""
        for part in self.parts:
            if part.attempt != attempt or not len(part.table):
                continue
            if part.segment == "console":
                place = int(np.searchsorted(part.table.ends, end, "left"))
            elif t is not None:
                place = int(np.searchsorted(part.times, t, "left"))
            else:
                return None
            return int(part.table.step[min(place, len(part.table) - 1)])
        return None

    def where(self, step: float) -> tuple[int, int | None, float] | None:
        """Of the newest row at this step: attempt, its end in the console where it came from there, time."""
        for part in reversed(self.parts):
            steps = part.table.step
            if not len(steps) or step < steps[0] - 1:
                continue
            place = min(int(np.searchsorted(steps, step, "left")), len(steps) - 1)
            end = int(part.table.ends[place]) if part.segment == "console" else None
            return part.attempt, end, float(part.times[place])
        return None


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
        if segment == "trainer":
            self.source = of_trainer(self.run, self.attempt)
            self.glance = preview(self.attempt.trainer) if self.source.behind > LONG else None
        else:
            self.source = of_console(self.run, self.attempt, dialect_of(self.attempt))

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


class Reading:
    """Follows the metrics of all attempts of a run. What a trainer told at length is read here, once and first."""

    def __init__(self, run: Run, clock: Clock) -> None:
        self._run, self._clock = run, clock
        self._attempts: dict[int, _Attempt] = {}
        self._curves = Curves()

    def holds(self, attempt: Attempt) -> bool:
        """Whether to read this one ahead of the fold, which takes a line at a time."""
        try:
            long = os.stat(attempt.trainer).st_size > LONG
        except OSError:
            return False
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
            _guessed(one, self._attempts[one.number])
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
            if segment is not None and not self._of(attempt).held:
                self._of(attempt).read(segment)

    def _of(self, attempt: Attempt) -> _Attempt:
        if attempt.number not in self._attempts:
            sizes = self._clock.sizes(attempt)
            self._attempts[attempt.number] = _Attempt(self._run, attempt, sizes)
        return self._attempts[attempt.number]

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


def _guessed(seen: AttemptView, one: _Attempt) -> AttemptView:
    """What the rows at a glance and the first lines tell of an attempt: its plan, its last values, its step."""
    head = AttemptFold()
    with contextlib.suppress(OSError), open(one.attempt.trainer, "rb") as file:
        head.feed("trainer", file.read(HEAD))
    facts = replace(
        seen.facts, trainer=head.facts().trainer, tally=tally(one.table), source="trainer"
    )
    return replace(seen, facts=facts)
