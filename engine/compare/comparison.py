"""Some runs against one of them: what differs, how their curves end, the gates, and the verdict of each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from engine.compare.differences import Row, differences
from engine.compare.found import data_marks, found
from engine.compare.gates import Gate
from engine.compare.verdict import NOT_COMPARABLE, Side, Verdict, obstacles, verdict
from engine.compare.windows import Window, apart, window
from engine.curves import Kind, Whole
from engine.events.base import plain

SCHEMA = 1
SHAPE = 24
"""Points of a curve's small picture."""
PASSED, MISSED, UNJUDGED = "passed", "missed", "unjudged"


@dataclass(frozen=True)
class Judged:
    """A gate on one run. `near` says that value and limit are nearer than their noise."""

    gate: Gate
    run: str
    word: str
    value: float | None
    limit: float | None
    why: str | None = None
    near: bool = False


@dataclass(frozen=True)
class Course:
    """One metric of one run: where it ends, where it stood when the shortest of them ended, and its shape."""

    run: str
    metric: str
    end: Window | None
    common: Window | None
    shape: tuple[float | None, ...]


@dataclass(frozen=True)
class Comparison:
    runs: tuple[str, ...]
    base: str
    by: Kind
    until: float | None
    """Where the shortest of them ends, in what x counts; verdicts and gates are judged there."""
    rows: tuple[Row, ...]
    courses: tuple[Course, ...]
    verdicts: Mapping[str, Verdict]
    gates: tuple[Judged, ...]

    @property
    def passed(self) -> bool:
        return all(one.word == PASSED for one in self.gates)

    def table(self) -> dict[str, Any]:
        """As JSON shows it."""
        found = plain(
            {
                "schema": SCHEMA,
                "runs": self.runs,
                "base": self.base,
                "by": self.by,
                "until": self.until,
                "differences": [
                    {"group": r.group, "name": r.name, "values": r.values, "same": r.same}
                    for r in self.rows
                ],
                "courses": [_course(one) for one in self.courses],
                "verdicts": [{"run": run, **vars(one)} for run, one in self.verdicts.items()],
                "gates": [{**vars(one), "gate": one.gate.text} for one in self.gates],
            }
        )
        assert isinstance(found, dict)
        return found


def compare(
    wholes: Sequence[Whole], base: int, by: Kind = "step", gates: Sequence[Gate] = ()
) -> Comparison:
    """`base` is the place of the run that the others are held against."""
    metrics = _metrics(wholes, gates)
    until = _until(wholes, by)
    courses = [course for one in wholes for course in courses_of(one, metrics, by, until)]
    sides = [side_of(one, courses) for one in wholes]
    others = [side for at, side in enumerate(sides) if at != base]
    return Comparison(
        tuple(one.run.id for one in wholes),
        wholes[base].run.id,
        by,
        until,
        tuple(_rows(wholes)),
        tuple(courses),
        {side.name: verdict(side, sides[base]) for side in others},
        tuple(judge(gate, side, sides[base]) for gate in gates for side in others),
    )


def judged(wholes: Sequence[Whole], base: int) -> dict[str, Verdict]:
    """The verdicts alone, where each run stands now."""
    sides = [
        side_of(one, list(courses_of(one, ("eval_loss", "loss"), "step", None))) for one in wholes
    ]
    return {s.name: verdict(s, sides[base]) for at, s in enumerate(sides) if at != base}


def judge(gate: Gate, side: Side, base: Side) -> Judged:
    """A number that nobody told passes no gate, and one that means something else cannot be judged."""
    own, other = side.ends.get(gate.metric), base.ends.get(gate.metric)
    limit = gate.limit(other.mean if other else None)
    value = own.mean if own else None
    if value is None or limit is None:
        who = side.name if value is None else base.name
        return Judged(gate, side.name, UNJUDGED, value, limit, f"{who} tells no {gate.metric}")
    why = (
        "; ".join(obstacles(side, base, gate.metric))
        if gate.relative and "loss" in gate.metric
        else ""
    )
    if why:
        return Judged(gate, side.name, UNJUDGED, value, limit, f"{NOT_COMPARABLE}: {why}")
    near = bool(own and own.error and abs(value - limit) <= own.error)
    if gate.relative and own and other:
        near = apart(own, other) is False and near
    return Judged(
        gate, side.name, PASSED if gate.holds(value, limit) else MISSED, value, limit, near=near
    )


def _rows(wholes: Sequence[Whole]) -> list[Row]:
    told = [found(one.run, one.view, one.status) for one in wholes]
    return differences([one.profile for one in wholes], [one.status for one in wholes], told)


def _metrics(wholes: Sequence[Whole], gates: Sequence[Gate]) -> list[str]:
    """Those that stand for learning and pace, then what gates ask."""
    asked = ("eval_loss", "loss", "grad_norm", "tokens_s", *(gate.metric for gate in gates))
    told = {name for one in wholes for name in one.curves.metrics}
    return [name for name in dict.fromkeys(asked) if name in told]


def _until(wholes: Sequence[Whole], by: Kind) -> float | None:
    ends = []
    for one in wholes:
        x, _ = one.counting.ruler(one.curves, by).points(_judged(one))
        fine = np.asarray(x, np.float64)
        fine = fine[np.isfinite(fine)]
        if len(fine):
            ends.append(float(fine[-1]))
    return min(ends) if len(ends) == len(wholes) else None


def _judged(one: Whole) -> str:
    return "loss" if "loss" in one.curves.metrics else next(iter(one.curves.metrics), "loss")


def courses_of(
    one: Whole, metrics: Sequence[str], by: Kind, until: float | None
) -> Iterator[Course]:
    ruler = one.counting.ruler(one.curves, by)
    for metric in metrics:
        x, y = ruler.points(metric)
        yield Course(one.run.id, metric, window(x, y), window(x, y, until), shape(y))


def shape(values: Any) -> tuple[float | None, ...]:
    """Means of equal stretches."""
    if not len(values):
        return ()
    parts = np.array_split(np.asarray(values, np.float64), min(SHAPE, len(values)))
    fine = [part[np.isfinite(part)] for part in parts]
    return tuple(float(part.mean()) if len(part) else None for part in fine)


def side_of(one: Whole, courses: Sequence[Course]) -> Side:
    own = [course for course in courses if course.run == one.run.id]
    ends = {course.metric: course.common for course in own if course.common is not None}
    epochs = [float(p.table.epoch.values[-1]) for p in one.curves.parts if len(p.table.epoch)]
    told, marks = one.view.keeper.words, data_marks(one.run)
    return Side(one.run.id, one.profile, ends, max(epochs, default=None), marks, told)


def _course(one: Course) -> dict[str, Any]:
    ends = {
        name: vars(told) if told else None
        for name, told in (("end", one.end), ("common", one.common))
    }
    return {"run": one.run, "metric": one.metric, **ends, "shape": one.shape}
