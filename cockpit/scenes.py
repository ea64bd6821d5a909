"""From a moment to the dashboard's charts. Pure: which curves, where they end, what stands beside them."""

from __future__ import annotations

from cockpit.milestones import marks, milestones, redone
from cockpit.plot.curve import Axis, Curve, Scene
from cockpit.watching.moment import Moment
from engine.cli import words

AXES = ("step", "time")
PACE = ("step_s", "step_time", "time_per_step")
RATE = ("tokens_s", "tokens_per_second", "samples_s")


def scenes(moment: Moment, axis: str) -> dict[str, Scene]:
    """The four charts by the id of their widget."""
    found = milestones(moment.frame.view, moment.status, moment.saves)
    begun = moment.curves.begun
    placed = marks(found, begun, axis)
    shaded = redone(moment.frame.view) if axis == "step" else ()
    x = _axis(moment, axis)
    seams = tuple(mark for mark in placed if mark.kind in ("resume", "phase", "alert"))
    made = {
        "loss": Scene("loss", _losses(moment, axis), marks=placed, spans=shaded, axis=x),
        "rate": Scene("learning rate", _one(moment, "learning_rate", axis), marks=seams, axis=x),
        "norm": Scene("grad norm", _one(moment, "grad_norm", axis), marks=seams, axis=x),
        "pace": _pace(moment, axis, x),
    }
    return made


def _axis(moment: Moment, axis: str) -> Axis:
    status = moment.status
    live = status.exit_status is None
    if axis == "time":
        return Axis("time", live=live)
    total = None if status.total is None else float(status.total)
    return Axis("step", total=total, live=live)


def _losses(moment: Moment, axis: str) -> tuple[Curve, ...]:
    curves = [Curve(*moment.curves.points("loss", axis), name="loss", colour="primary")]
    x, y = moment.curves.points("eval_loss", axis)
    if len(y):
        curves.append(Curve(x, y, name="eval", colour="warning", style="points"))
    return tuple(curves)


def _one(moment: Moment, metric: str, axis: str) -> tuple[Curve, ...]:
    return (Curve(*moment.curves.points(metric, axis), name=metric),)


def _pace(moment: Moment, axis: str, x: Axis) -> Scene:
    """Tokens a second where the trainer tells them, else seconds a step: told, or between the rows."""
    told = moment.curves.metrics
    rate = next((name for name in RATE if name in told), None)
    if rate is not None:
        mfu = moment.status.metrics.get("mfu")
        note = "" if mfu is None else f"MFU {100 * mfu if mfu <= 1 else mfu:.1f} %"
        title = "tokens/s" if rate.startswith("tokens") else "samples/s"
        return Scene(title, _one(moment, rate, axis), axis=x, note=note)
    name = next((name for name in PACE if name in told), None)
    points = moment.curves.points(name, axis) if name else moment.curves.pace(axis)
    return Scene("seconds a step", (Curve(*points, name="pace"),), axis=x, limits=(0.0, None))


def headline(moment: Moment) -> str:
    """The line under the loss: what else was told, by name."""
    shown = ("loss", "learning_rate", "grad_norm")
    rest = {k: v for k, v in moment.status.metrics.items() if k not in shown}
    return "   ".join(f"{name} {words.figure(value)}" for name, value in list(rest.items())[:6])
