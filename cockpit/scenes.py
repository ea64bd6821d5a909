"""From a moment to charts. Pure: which curves, where they end, what was promised and what happened beside them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from cockpit.agreed import Agreed
from cockpit.milestones import marks, milestones, redone
from cockpit.plot.curve import Axis, Band, Curve, Mark, Scene, Span
from cockpit.watching.moment import Moment
from engine.curves.rulers import Counting, Kind, Ruler
from engine.display import display

PACE = ("step_s", "step_time", "time_per_step")
RATE = ("tokens_s", "tokens_per_second", "samples_s")
EVALS = ("eval_loss", "val_loss", "valid_loss")
SEAMS = ("resume", "phase", "alert")
NAME = 60
COUNTED = ("position",)
"""Told for the journal's sake: no curve of anything."""


@dataclass(frozen=True)
class Frame:
    """What all charts of one screen share."""

    moment: Moment
    ruler: Ruler
    agreed: Agreed
    marks: tuple[Mark, ...]
    spans: tuple[Span, ...]
    axis: Axis

    @property
    def seams(self) -> tuple[Mark, ...]:
        return tuple(mark for mark in self.marks if mark.kind in SEAMS)

    def bands(self, metric: str) -> tuple[Band, ...]:
        """Expected values; stretches of steps have a place on an axis of steps alone."""
        steps = self.ruler.kind == "step"
        return tuple(b for b in self.agreed.bands.get(metric, ()) if steps or b.start is None)


def framed(moment: Moment, kind: Kind, agreed: Agreed) -> Frame:
    """The x axis and what stands on it."""
    counting = Counting(moment.status.cost.rate, agreed.tokens_step)
    ruler = counting.ruler(moment.curves, kind)
    view, status = moment.frame.view, moment.status
    found = milestones(view, status, moment.saves)
    total = None if status.total is None else float(status.total)
    if total is not None and ruler.kind != "step":
        total = ruler.of(total, None) if ruler.kind == "tokens" else None
    axis = Axis(ruler.kind, total=total, live=status.exit_status is None)
    return Frame(moment, ruler, agreed, marks(found, ruler), redone(view, ruler), axis)


def scenes(frame: Frame) -> dict[str, Scene]:
    """The dashboard's four charts by the id of their widget."""
    return {
        "loss": loss(frame),
        "rate": learning_rate(frame),
        "norm": grad_norm(frame),
        "pace": pace(frame),
    }


def loss(frame: Frame) -> Scene:
    curves = [Curve(*frame.ruler.points("loss"), name="loss", colour="primary")]
    for name in EVALS:
        x, y = frame.ruler.points(name)
        if len(y):
            curves.append(Curve(x, y, name="eval", colour="warning", style="points"))
            break
    bands = frame.bands("loss")
    return Scene(
        "loss", tuple(curves), bands, frame.spans, frame.marks, frame.axis, note=_banded(frame)
    )


def _banded(frame: Frame) -> str:
    """Whether the last loss is where it was expected."""
    value, step = frame.moment.status.metrics.get("loss"), frame.moment.status.step
    here = [b for b in frame.bands("loss") if b.start is None or _inside(b, step)]
    if not here or value is None:
        return ""
    good = all(
        (b.low is None or b.low <= value) and (b.high is None or value <= b.high) for b in here
    )
    return "in band" if good else "out of band"


def _inside(band: Band, step: int | None) -> bool:
    if step is None or band.start is None:
        return False
    return band.start <= step <= (band.end if band.end is not None else step)


def learning_rate(frame: Frame) -> Scene:
    """As it was told, never smoothed; before it what the schedule still has in store."""
    curves = [Curve(*frame.ruler.points("learning_rate"), name="told", style="exact")]
    steps, planned = frame.agreed.plan(frame.moment.status.total)
    x = frame.ruler.of_steps(steps)
    fine = np.isfinite(x)
    if fine.any():
        curves.append(Curve(x[fine], planned[fine], name="plan", style="plan"))
    return _quiet("learning rate", frame, curves, "learning_rate")


def grad_norm(frame: Frame) -> Scene:
    """With the norm at which gradients are scaled down."""
    x, y = frame.ruler.points("grad_norm")
    curves, clip = [Curve(x, y, name="grad norm")], frame.agreed.clip
    if clip is None or not len(y):
        return _quiet("grad norm", frame, curves, "grad_norm")
    ends = np.array([np.min(x), np.max(x)], np.float64)
    curves.append(Curve(ends, np.array([clip, clip]), name="clip", style="plan"))
    return _quiet("grad norm", frame, curves, "grad_norm", f"clip {clip:g}")


def pace(frame: Frame) -> Scene:
    """Tokens a second where the trainer tells them, else seconds a step: told, or between the rows."""
    told = frame.moment.curves.metrics
    rate = next((name for name in RATE if name in told), None)
    mfu = frame.moment.status.metrics.get("mfu")
    note = "" if mfu is None else f"MFU {100 * mfu if mfu <= 1 else mfu:.1f} %"
    if rate is not None:
        title = "tokens/s" if rate.startswith("tokens") else "samples/s"
        return _quiet(title, frame, [Curve(*frame.ruler.points(rate), name="pace")], rate, note)
    name = next((name for name in PACE if name in told), None)
    points = frame.ruler.points(name) if name else frame.ruler.pace()
    scene = _quiet("seconds a step", frame, [Curve(*points, name="pace")], name or "", note)
    return replace(scene, limits=(0.0, None))


def metric(frame: Frame, name: str) -> Scene:
    """Any metric as a chart of its own."""
    if name == "learning_rate":
        return learning_rate(frame)
    points = frame.ruler.points(name)
    style = "points" if name.startswith(("eval_", "val_")) or 0 < len(points[1]) <= 3 else "line"
    return _quiet(display(name, NAME), frame, [Curve(*points, name=name, style=style)], name)  # type: ignore[arg-type]


def _quiet(title: str, frame: Frame, curves: Sequence[Curve], name: str, note: str = "") -> Scene:
    """Of the marks only those that break a curve."""
    bands = frame.bands(name)
    return Scene(title, tuple(curves), bands, frame.spans, frame.seams, frame.axis, note=note)


def chosen(told: Sequence[str], pattern: str) -> list[str]:
    """The metrics whose name this regular expression finds. `re.error` says what is wrong with it."""
    found = re.compile(pattern, re.IGNORECASE)
    return [name for name in told if name not in COUNTED and found.search(name)]
