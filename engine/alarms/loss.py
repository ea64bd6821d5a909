"""Rules about what is learned: losses, evaluation, gradients. Each returns an alarm or nothing."""

from __future__ import annotations

import math
from statistics import median

from engine.alarms.alarm import Alarm
from engine.alarms.case import Case
from engine.scalars import Sample
from engine.scalars.tally import Streak

WARM_UP = 16
"""Rows before the statistical rules say anything."""
LAYERS = ("grad_norm/", "grad_norm_", "gradients/", "grads/")
"""How trainers name the norm of one layer."""


def nan(case: Case) -> Alarm | None:
    """The loss or the gradient's norm is no number any more."""
    streak = case.facts.tally.nonfinite
    if not case.limits.nan or streak.length < case.limits.nan:
        return None
    what = "loss or gradient is not finite for %d rows, since step %d"
    fix = "stop and resume from a checkpoint before that step with a lower learning rate"
    return _streak("nan", streak, what, fix)


def zero(case: Case) -> Alarm | None:
    """A loss of exactly 0 is how some trainers print NaN."""
    streak = case.facts.tally.zero
    if not case.limits.zero_loss or streak.length < case.limits.zero_loss:
        return None
    what = "loss is exactly 0 for %d rows, since step %d"
    return _streak("zero_loss", streak, what, "look for NaN gradients or rows without a label")


def constant(case: Case) -> Alarm | None:
    """A loss that never changes learns nothing."""
    streak, zeros = case.facts.tally.constant, case.facts.tally.zero
    if not case.limits.constant or streak.length < case.limits.constant or zeros.length:
        return None
    what = "loss is the same to the last digit for %d rows, since step %d"
    return _streak("constant", streak, what, "check that parameters are trainable", red=False)


def spike(case: Case) -> Alarm | None:
    """The newest loss stands far above its neighbours."""
    losses = case.finite("loss")
    if not case.limits.spike or len(losses) < WARM_UP:
        return None
    before, newest = losses[:-1], losses[-1]
    middle = median(before)
    spread = 1.4826 * median([abs(value - middle) for value in before])
    bar = middle + case.limits.spike * max(spread, 1e-3 * abs(middle), 1e-9)
    if newest <= bar:
        return None
    detail = f"loss {newest:.4g}, usual {middle:.4g} ± {spread:.2g}"
    fix = "one spike may pass; a second is a reason to lower the learning rate"
    return Alarm("spike", detail, fix, step=case.step, since=case.facts.t_of_last_row())


def divergence(case: Case) -> Alarm | None:
    """The smoothed loss rises away from the best it has been in the window."""
    losses = case.finite("loss")
    width = _width(case)
    if not case.limits.divergence or len(losses) < 4 * width:
        return None
    smooth = _smooth(losses, width)
    best, newest = min(smooth), smooth[-1]
    if best <= 0 or newest < case.limits.divergence * best:
        return None
    detail = f"smoothed loss {newest:.4g}, was {best:.4g}"
    fix = "stop and resume from the best checkpoint with a lower learning rate"
    since = case.facts.t_of_last_row()
    return Alarm("divergence", detail, fix, red=True, step=case.step, since=since)


def plateau(case: Case) -> Alarm | None:
    """The loss has found nothing better for many steps, and its smoothed course does not fall either."""
    best, losses = case.facts.tally.best.get("loss"), case.finite("loss")
    if not case.limits.plateau or best is None or case.step is None or len(losses) < 4 * WARM_UP:
        return None
    stale = case.step - best.step
    smooth = _smooth(losses, WARM_UP)
    if stale < case.limits.plateau or smooth[-1] < smooth[0] - 1e-3 * abs(smooth[0]):
        return None
    detail = f"no better loss than {best.value:.4g} for {stale:,} steps"
    fix = "end it here, or go on from the best checkpoint with another learning rate"
    return Alarm("plateau", detail, fix, step=best.step, since=case.facts.t_of_last_row())


def band(case: Case) -> Alarm | None:
    """A metric is outside what the profile's `[expect]` says of it."""
    need = int(case.limits.band)
    if not need:
        return None
    for metric, expected in case.agreed.expect.items():
        told = [one for one in case.facts.tally.recent if metric in one.values]
        span = case.facts.spans.get(metric)
        if span is not None and expected.first and _outside(span.first, expected.first):
            return _banded(case, metric, f"began at {span.first:.4g}", expected.first)
        ended = case.facts.runner.exit is not None
        if span is not None and ended and expected.last and _outside(span.last, expected.last):
            return _banded(case, metric, f"ended at {span.last:.4g}", expected.last)
        lately = told[-need:] if len(told) >= need else []
        for pair in (expected.range, *_here(case, lately, expected.bands)):
            if lately and pair and all(_outside(one.values[metric], pair) for one in lately):
                newest = lately[-1].values[metric]
                return _banded(case, metric, f"is {newest:.4g} for {need} rows", pair)
    return None


def grad_norm(case: Case) -> Alarm | None:
    """The gradient's norm is out of any useful range, for the last rows and not for one; of a layer too."""
    names = [name for name in case.facts.tally.last if name.startswith(LAYERS)]
    for name in ("grad_norm", *sorted(names)):
        norms = [value for _, value in case.facts.tally.series(name)][-5:]
        if len(norms) < 5 or not all(math.isfinite(norm) for norm in norms):
            continue
        high, low, typical = case.limits.grad_norm_high, case.limits.grad_norm_low, median(norms)
        what = "grad norm" if name == "grad_norm" else f"grad norm of {name}"
        since = case.facts.t_of_last_row()
        if high and typical > high:
            fix = "clip gradients or lower the learning rate"
            return Alarm("grad_norm", f"{what} {typical:.4g}", fix, step=case.step, since=since)
        if low and typical < low:
            fix = "check what is trainable and the loss mask"
            return Alarm("grad_norm", f"{what} {typical:.4g}", fix, step=case.step, since=since)
    return None


def val_gap(case: Case) -> Alarm | None:
    """The evaluation loss stands far above the training loss: it learns its rows by heart."""
    losses, found = case.finite("loss"), case.facts.tally.last.get("eval_loss")
    if not case.limits.val_gap or found is None or not losses:
        return None
    trained = median(losses[-WARM_UP:])
    if trained <= 0 or not math.isfinite(found) or found < case.limits.val_gap * trained:
        return None
    detail = f"evaluation loss {found:.4g}, training loss {trained:.4g}"
    fix = "stop early, or use more data, more dropout, fewer epochs"
    return Alarm("val_gap", detail, fix, step=case.step, since=case.facts.t_of_last_row())


def _streak(name: str, streak: Streak, what: str, fix: str, red: bool = True) -> Alarm:
    return Alarm(name, what % (streak.length, streak.step), fix, red=red, step=streak.step)


def _width(case: Case) -> int:
    """Rows that cover `divergence_window` steps, within what the window can smooth."""
    steps = [sample.step for sample in case.facts.tally.recent]
    strides = [after - before for before, after in zip(steps, steps[1:]) if after > before]
    stride = median(strides) if strides else 1
    return max(4, min(WARM_UP, int(case.limits.divergence_window / stride)))


def _smooth(losses: list[float], width: int) -> list[float]:
    return [median(losses[i : i + width]) for i in range(0, len(losses) - width + 1, 4)]


def _here(
    case: Case, lately: list[Sample], bands: tuple[tuple[float, float, float, float], ...]
) -> list[tuple[float, float]]:
    """The band that all of these rows lie in, by whatever counts the progress."""
    if not lately:
        return []
    first, last = (_x(case, sample) for sample in (lately[0], lately[-1]))
    if first is None or last is None:
        return []
    return [(low, high) for begin, end, low, high in bands if begin <= first and last <= end]


def _x(case: Case, sample: Sample) -> float | None:
    if case.agreed.x == "step":
        return float(sample.step)
    return case.facts.tally.epoch if case.agreed.x == "epoch" else sample.values.get(case.agreed.x)


def _outside(value: float, pair: tuple[float, float]) -> bool:
    return not pair[0] <= value <= pair[1]


def _banded(case: Case, metric: str, what: str, pair: tuple[float, float]) -> Alarm:
    detail = f"{metric} {what}, expected {pair[0]:g} to {pair[1]:g}"
    fix = "compare with a run that went well; if this one is right, change [expect] in its profile"
    return Alarm("band", detail, fix, step=case.step, since=case.facts.t_of_last_row())
