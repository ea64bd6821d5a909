"""The learning rate as a pure function of the step: what the loop sets, and what a screen draws as the plan."""

from __future__ import annotations

import math

from engine.profile.profile import Profile
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


def tokens_step(profile: Profile) -> int | None:
    """Tokens of an optimizer step. Packed rows are always full; others are not, and only the trainer can count them."""
    if profile.recipe == "command" or not profile.data.packing or profile.data.max_length is None:
        return None
    train = profile.train
    return train.micro_batch * train.grad_accum * train.devices * profile.data.max_length
