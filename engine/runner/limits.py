"""Limits of an attempt and consequences of alarms: pure functions, enforced by the loop."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Iterable, Mapping

from engine.alarms import Alarm
from engine.events.base import number
from engine.events.runner import Pulsed
from engine.runner.job import Limits

IDLE_UTIL = 5.0
"""GPU use in percent from which a silent trainer counts as working."""
ENDS = ("stop", "rollback")
"""Actions of a rule that end the attempt; going back to a checkpoint is the keeper's part."""
ACTS = (*ENDS, "save")


@dataclass(frozen=True)
class Reached:
    """A limit and how far it was passed, in the limit's own unit."""

    limit: str
    value: float
    cap: float


def reached(limits: Limits, up_s: float, idle_s: float) -> Reached | None:
    """The first limit that is passed. The price counts by the second, as most providers do."""
    hours = up_s / 3600.0
    measured = (
        ("hours", hours, limits.hours),
        ("dollars", hours * (limits.price_hour or 0.0), limits.dollars),
        ("idle_minutes", idle_s / 60.0, limits.idle_minutes),
    )
    for name, value, cap in measured:
        if cap and value >= cap:
            return Reached(name, value, cap)
    return None


def fired(
    alarms: Iterable[Alarm], actions: Mapping[str, object], done: Iterable[str]
) -> list[tuple[Alarm, str]]:
    """Alarms with a consequence that was not drawn yet in this attempt."""
    known = set(done)
    chosen = [(alarm, actions.get(alarm.name)) for alarm in alarms if alarm.name not in known]
    return [(alarm, str(action)) for alarm, action in chosen if action in ACTS]


def busy(pulse: Pulsed) -> bool:
    """A GPU works."""
    told = (pulse.gpus or {}).get("util")
    use = [number(value) for value in told] if isinstance(told, list) else []
    return any(value is not None and value >= IDLE_UTIL for value in use)
