"""The table of rules, by the name that a profile calls them, and `judge`, which asks them all."""

from __future__ import annotations

from typing import Callable, Mapping, Optional

from engine.alarms import duty, loss, machine, progress
from engine.alarms.agreed import Agreed
from engine.alarms.alarm import Alarm
from engine.alarms.case import NOTHING, Case
from engine.alarms.thresholds import Thresholds
from engine.scalars import AttemptFacts

Rule = Callable[[Case], Optional[Alarm]]

RULES: Mapping[str, Rule] = {
    "nan": loss.nan,
    "zero_loss": loss.zero,
    "constant": loss.constant,
    "spike": loss.spike,
    "divergence": loss.divergence,
    "plateau": loss.plateau,
    "band": loss.band,
    "grad_norm": loss.grad_norm,
    "stall": progress.stall,
    "silent": progress.silent,
    "slow": progress.slow,
    "mfu": machine.mfu,
    "util": machine.util,
    "throttle": machine.throttle,
    "straggler": progress.straggler,
    "steps": progress.steps,
    "not_resumed": progress.not_resumed,
    "memory": machine.memory,
    "disk": machine.disk,
    "budget": duty.budget,
    "idle": duty.idle,
    "at_risk": duty.at_risk,
    "notice": duty.notice,
    "val_gap": loss.val_gap,
}


def judge(
    facts: AttemptFacts, limits: Thresholds, now: float, agreed: Agreed = NOTHING
) -> list[Alarm]:
    """All alarms that stand at `now`, by the clock of the machine that trains."""
    case = Case(facts, limits, now, agreed)
    asked = (rule(case) for name, rule in RULES.items() if name not in agreed.ignored)
    return [alarm for alarm in asked if alarm is not None]
