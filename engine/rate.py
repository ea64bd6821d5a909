"""The learning rate as a pure function of the step: what the loop sets, and what a screen draws as the plan."""

from __future__ import annotations

import math

from engine.profile.tables.training import Schedule


def rate(schedule: Schedule, peak: float, step: int, total: int) -> float:
    """The learning rate of step 0, 1, ... of a phase of `total` steps; the first step already learns."""
    warm = schedule.warmup_steps
    if warm is None:
        warm = math.ceil(schedule.warmup_ratio * total)
    if step < warm:
        return peak * (step + 1) / warm
    if schedule.kind == "constant":
        return peak
    done = min(1.0, (step - warm) / max(1, total - warm))
    shape = 1.0 - done if schedule.kind == "linear" else 0.5 * (1.0 + math.cos(math.pi * done))
    return peak * (schedule.floor + (1.0 - schedule.floor) * shape)
