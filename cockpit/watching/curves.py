"""The metrics of a run as curves: the tables of its attempts, as far as each is there, one behind the other."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from engine.columns import EMPTY, Source, Table, of_console, of_files, of_trainer, preview, times
from engine.columns.series import Column, Floats
from engine.journal import Follower
from engine.reader import lens_of
from engine.runs import Attempt, Run
from engine.timeline import BLOCK, Sizes
from engine.view import View

SLICE = 32 << 20
"""Bytes of a segment that are read before something is shown again."""
Points = tuple[Column, Floats]


@dataclass(frozen=True, eq=False)
class Part:
    """One attempt: its rows, and when each was there (NaN: unknown)."""

    attempt: int
    segment: str
    table: Table
    times: Floats


@dataclass(frozen=True, eq=False)
class Curves:
    """All attempts' rows, oldest first."""

    parts: tuple[Part, ...] = ()

    @property
    def metrics(self) -> tuple[str, ...]:
        """Names in the order in which they were first told."""
        return tuple(dict.fromkeys(name for part in self.parts for name in part.table.metrics))

    @property
    def begun(self) -> float | None:
        """When the first row was there."""
        for part in self.parts:
            known = part.times[np.isfinite(part.times)]
            if len(known):
                return float(known[0])
        return None

    def points(self, metric: str, axis: str = "step") -> Points:
        """(x, values) of one metric by step or by elapsed seconds."""
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
        return series.of(part.table.step), series.values

    def pace(self, axis: str = "step") -> Points:
        """(x, seconds a step) where two rows' times are known."""
        begun, xs, ys = self.begun or 0.0, [], []
        for part in self.parts:
            step, t = part.table.step, part.times
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
    sizes: Sizes = field(default_factory=Sizes)
    source: Source | None = None
    segment: str = ""
    glance: Table | None = None
    chosen: str | None = None
    _cut: tuple[object, Part] | None = None

    def __post_init__(self) -> None:
        self.runner = Follower(self.attempt.runner)

    def read(self, segment: str) -> None:
        while data := self.runner.read(BLOCK).data:
            self.sizes.feed(data)
        if self.source is None or segment != self.segment:
            self._meet(segment)
        elif self.source.behind:
            self.glance = None
        if self.source is not None and self.glance is None:
            self.source.poll(SLICE)

    def _meet(self, segment: str) -> None:
        """A long trainer's segment is shown at a glance before it is read."""
        self.segment = segment
        if segment == "files":
            self.source = of_files(self.run, self.attempt)
        elif segment == "trainer":
            self.source = of_trainer(self.run, self.attempt)
            self.glance = preview(self.attempt.trainer) if self.source.behind > SLICE else None
        else:
            self.source = of_console(self.run, self.attempt, lens_of(self.attempt, self.chosen))

    @property
    def behind(self) -> int:
        return self.source.behind if self.source is not None else 0

    def part(self, reach: int) -> Part:
        table = self.glance or (self.source.columns.table() if self.source else EMPTY)
        shown = _until(table, reach)
        last = int(shown.ends[-1]) if len(shown) else 0
        key = (self.segment, len(shown), last, shown.preview)
        if self._cut is None or self._cut[0] != key:
            seen = np.asarray(times(shown, self.sizes, self.segment), np.float64)
            self._cut = key, Part(self.attempt.number, self.segment, shown, seen)
        return self._cut[1]


def _until(table: Table, reach: int) -> Table:
    """The rows whose lines are there."""
    length = int(np.searchsorted(table.ends, reach, "right"))
    if length == len(table):
        return table
    metrics = {}
    for name, series in table.metrics.items():
        told = length if series.rows is None else int(np.searchsorted(series.rows, length))
        if told:
            rows = None if series.rows is None else series.rows[:told]
            metrics[name] = type(series)(series.values[:told], rows)
    t = table.t
    told = length if t.rows is None else int(np.searchsorted(t.rows, length))
    cut = type(t)(t.values[:told], None if t.rows is None else t.rows[:told])
    return Table(table.step[:length], table.stepped, table.ends[:length], cut, metrics=metrics)


def _without(part: Part, told: Mapping[str, object]) -> Part:
    """The metrics that the rows that count do not tell."""
    metrics = {name: one for name, one in part.table.metrics.items() if name not in told}
    return replace(part, table=replace(part.table, metrics=metrics))


class Reading:
    """Follows the metrics of all attempts of a run."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._attempts: dict[int, _Attempt] = {}
        self._beside: dict[int, _Attempt] = {}
        """What files tell beside the rows that count."""

    def read(self, view: View) -> None:
        """`view` says which segment each attempt's metrics come from."""
        sources = {a.number: a.facts.source for a in view.attempts}
        for attempt in self._run.attempts():
            segment = sources.get(attempt.number)
            if segment is not None:
                known = self._attempts.get(attempt.number)
                if known is None or known.chosen != view.keeper.dialect:
                    known = _Attempt(self._run, attempt, chosen=view.keeper.dialect)
                    self._attempts[attempt.number] = known
                known.read(segment)
            if segment != "files" and attempt.files.is_file():
                beside = self._beside.setdefault(attempt.number, _Attempt(self._run, attempt))
                beside.read("files")

    @property
    def behind(self) -> int:
        return sum(one.behind for one in self._attempts.values())

    def curves(self, reach: Mapping[str, int] | None = None) -> Curves:
        return Curves(tuple(self._parts(reach or {})))

    def _parts(self, reach: Mapping[str, int]) -> Iterable[Part]:
        for number, one in sorted(self._attempts.items()):
            part = one.part(reach.get(f"{number}/{one.segment}", 1 << 62))
            if len(part.table):
                yield part
            if number in self._beside:
                more = self._beside[number].part(reach.get(f"{number}/files", 1 << 62))
                if len(more.table):
                    yield _without(more, part.table.metrics)
