"""The metrics of a run as curves: the tables of its attempts, as far as each is there, one behind the other."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from engine.columns import (
    Table,
)
from engine.columns.series import Column, Floats

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
