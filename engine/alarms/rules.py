"""One function a rule. Each returns an alarm or nothing; `judge` asks them all."""

from __future__ import annotations

import math
from statistics import median
from typing import Any, Callable, Mapping, Optional

from engine.alarms.alarm import Alarm
from engine.alarms.thresholds import Thresholds
from engine.events.base import number
from engine.scalars import AttemptFacts
from engine.scalars.tally import Streak

Rule = Callable[[AttemptFacts, Thresholds, float], Optional[Alarm]]
GB = 1024.0
"""Mebibytes, in which the pulse counts, of what is called a gigabyte here."""
WARM_UP = 16
"""Rows before the statistical rules say anything."""


def nan(facts: AttemptFacts, limits: Thresholds, now: float) -> Alarm | None:
    """The loss or the gradient's norm is no number any more."""
    streak = facts.tally.nonfinite
    if not limits.nan or streak.length < limits.nan:
        return None
    what = "loss or gradient is not finite for %d rows, since step %d"
    fix = "stop and resume from a checkpoint before that step with a lower learning rate"
    return _streak("nan", streak, what, fix)


def zero(facts: AttemptFacts, limits: Thresholds, now: float) -> Alarm | None:
    """A loss of exactly 0 is how some trainers print NaN."""
    streak = facts.tally.zero
    if not limits.zero_loss or streak.length < limits.zero_loss:
        return None
    what = "loss is exactly 0 for %d rows, since step %d"
    return _streak("zero_loss", streak, what, "look for NaN gradients or rows without a label")


def constant(facts: AttemptFacts, limits: Thresholds, now: float) -> Alarm | None:
    """A loss that never changes learns nothing."""
    streak, zeros = facts.tally.constant, facts.tally.zero
    if not limits.constant or streak.length < limits.constant or zeros.length:
        return None
    what = "loss is the same to the last digit for %d rows, since step %d"
    return _streak("constant", streak, what, "check that parameters are trainable", red=False)


def spike(facts: AttemptFacts, limits: Thresholds, now: float) -> Alarm | None:
    """The newest loss stands far above its neighbours."""
    losses = _finite(facts, "loss")
    if not limits.spike or len(losses) < WARM_UP:
        return None
    before, newest = losses[:-1], losses[-1]
    middle = median(before)
    spread = 1.4826 * median([abs(value - middle) for value in before])
    bar = middle + limits.spike * max(spread, 1e-3 * abs(middle), 1e-9)
    if newest <= bar:
        return None
    detail = f"loss {newest:.4g}, usual {middle:.4g} ± {spread:.2g}"
    fix = "one spike may pass; a second is a reason to lower the learning rate"
    return Alarm("spike", detail, fix, step=facts.tally.step, since=facts.t_of_last_row())


def divergence(facts: AttemptFacts, limits: Thresholds, now: float) -> Alarm | None:
    """The smoothed loss rises away from the best it has been in the window."""
    losses = _finite(facts, "loss")
    if not limits.divergence or len(losses) < 4 * WARM_UP:
        return None
    smooth = [median(losses[i : i + WARM_UP]) for i in range(0, len(losses) - WARM_UP + 1, 4)]
    best, newest = min(smooth), smooth[-1]
    if best <= 0 or newest < limits.divergence * best:
        return None
    detail = f"smoothed loss {newest:.4g}, was {best:.4g}"
    fix = "stop and resume from the best checkpoint with a lower learning rate"
    since = facts.t_of_last_row()
    return Alarm("divergence", detail, fix, red=True, step=facts.tally.step, since=since)


def grad_norm(facts: AttemptFacts, limits: Thresholds, now: float) -> Alarm | None:
    """The gradient's norm is out of any useful range, for the last rows and not for one."""
    norms = [value for _, value in facts.tally.series("grad_norm")][-5:]
    if len(norms) < 5 or not all(math.isfinite(norm) for norm in norms):
        return None
    high, low, typical = limits.grad_norm_high, limits.grad_norm_low, median(norms)
    since, step = facts.t_of_last_row(), facts.tally.step
    if high and typical > high:
        detail, fix = f"grad norm {typical:.4g}", "clip gradients or lower the learning rate"
        return Alarm("grad_norm", detail, fix, step=step, since=since)
    if low and typical < low:
        detail, fix = f"grad norm {typical:.4g}", "check what is trainable and the loss mask"
        return Alarm("grad_norm", detail, fix, step=step, since=since)
    return None


def usual_gap(facts: AttemptFacts) -> float | None:
    """The p99 of the seconds between rows in the window; None until there are a few."""
    gaps = _gaps(facts)
    if len(gaps) < 4:
        return None
    return sorted(gaps)[min(len(gaps) - 1, int(0.99 * len(gaps)))]


def patience(facts: AttemptFacts, limits: Thresholds) -> float | None:
    """Seconds of silence after which a step counts as frozen."""
    gap = usual_gap(facts)
    if not limits.stall or gap is None:
        return None
    return max(limits.stall_s, limits.stall * gap)


def stall(facts: AttemptFacts, limits: Thresholds, now: float) -> Alarm | None:
    """The process lives but its step is frozen."""
    last, bound = facts.t_of_last_row(), patience(facts, limits)
    if facts.runner.exit is not None or last is None or bound is None or now - last <= bound:
        return None
    detail = f"no step for {now - last:.0f} s, usually one in {usual_gap(facts) or 0.0:.1f} s"
    fix = "look at the console; engine save asks for a checkpoint, engine stop ends it"
    return Alarm("stall", detail, fix, red=True, step=facts.tally.step, since=last)


def slow(facts: AttemptFacts, limits: Thresholds, now: float) -> Alarm | None:
    """Steps take much longer than they did."""
    gaps = _gaps(facts)
    if not limits.slow or len(gaps) < 4 * WARM_UP:
        return None
    before, lately = median(gaps[: len(gaps) // 2]), median(gaps[-WARM_UP:])
    if before <= 0 or lately < limits.slow * before:
        return None
    detail = f"{lately:.3g} s a row, was {before:.3g} s"
    fix = "look for throttling, a full page cache or a busy neighbour in the machine's panel"
    return Alarm("slow", detail, fix, step=facts.tally.step, since=facts.t_of_last_row())


def disk(facts: AttemptFacts, limits: Thresholds, now: float) -> Alarm | None:
    """The disk under the run is full or nearly so."""
    filled, host = facts.runner.disk_filled, _host(facts)
    free = _least_free_gb(host)
    if filled is not None:
        detail, since = f"the disk under {filled.path} is full", filled.t
    elif free is not None and free < limits.disk_gb:
        detail, since = f"{free:.1f} GB free", _pulse_time(facts)
    else:
        return None
    return Alarm("disk", detail, "engine gc, or remove old checkpoints", red=True, since=since)


def memory(facts: AttemptFacts, limits: Thresholds, now: float) -> Alarm | None:
    """Host memory is about to end; the kernel kills without asking."""
    host = _host(facts)
    used, total = _ram_gb(host)
    if not limits.memory or used is None or not total:
        return None
    if used / total < limits.memory:
        return None
    detail = f"{used:.1f} of {total:.1f} GB of memory in use"
    return Alarm("memory", detail, "fewer workers or a smaller batch", since=_pulse_time(facts))


def budget(facts: AttemptFacts, limits: Thresholds, now: float) -> Alarm | None:
    """A limit of the profile was reached; the runner acts on it."""
    limit = facts.runner.limit
    if limit is None:
        return None
    detail = f"{limit.limit} reached: {limit.value:.4g} of {limit.cap:.4g}"
    fix = "engine resume RUN with a higher limit goes on from the newest checkpoint"
    return Alarm("budget", detail, fix, red=True, since=limit.t)


RULES: Mapping[str, Rule] = {
    "nan": nan,
    "zero_loss": zero,
    "constant": constant,
    "spike": spike,
    "divergence": divergence,
    "grad_norm": grad_norm,
    "stall": stall,
    "slow": slow,
    "disk": disk,
    "memory": memory,
    "budget": budget,
}


def judge(facts: AttemptFacts, limits: Thresholds, now: float) -> list[Alarm]:
    """All alarms that stand at `now`, by the clock of the machine that trains."""
    asked = (rule(facts, limits, now) for rule in RULES.values())
    return [alarm for alarm in asked if alarm is not None]


def _streak(name: str, streak: Streak, what: str, fix: str, red: bool = True) -> Alarm:
    return Alarm(name, what % (streak.length, streak.step), fix, red=red, step=streak.step)


def _finite(facts: AttemptFacts, metric: str) -> list[float]:
    return [value for _, value in facts.tally.series(metric) if math.isfinite(value)]


def _gaps(facts: AttemptFacts) -> list[float]:
    times = facts.row_times()
    return [after - before for before, after in zip(times, times[1:]) if after >= before]


def _host(facts: AttemptFacts) -> dict[str, Any]:
    pulse = facts.runner.pulse
    return dict(pulse.host or {}) if pulse is not None else {}


def _least_free_gb(host: Mapping[str, Any]) -> float | None:
    """Of the disks that matter to the run, the fullest one."""
    disks = host.get("disks")
    rows = disks if isinstance(disks, list) else []
    free = [number(row[1]) for row in rows if isinstance(row, list) and len(row) > 1]
    return min((mebibytes / GB for mebibytes in free if mebibytes is not None), default=None)


def _ram_gb(host: Mapping[str, Any]) -> tuple[float | None, float | None]:
    """In use and in all."""
    ram = host.get("ram")
    pair = [number(value) for value in ram] if isinstance(ram, list) else []
    used, total = pair if len(pair) == 2 else (None, None)
    return (None if used is None else used / GB, None if total is None else total / GB)


def _pulse_time(facts: AttemptFacts) -> float | None:
    pulse = facts.runner.pulse
    return None if pulse is None else pulse.t
