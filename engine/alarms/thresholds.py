"""When a rule speaks: the keys of a profile's `[alerts]` that the rules use, with their defaults. 0 turns one off."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any, Mapping

from engine.events.base import number


@dataclass(frozen=True)
class Thresholds:
    """Meaning and units stand in `profiles/README.md`; a test holds that keys and defaults are the same."""

    nan: float = 3
    zero_loss: float = 3
    constant: float = 20
    spike: float = 6.0
    divergence: float = 1.5
    divergence_window: float = 50
    plateau: float = 0
    band: float = 5
    grad_norm_high: float = 100.0
    grad_norm_low: float = 0.001
    val_gap: float = 0.0
    stall: float = 3.0
    stall_s: float = 300.0
    silent_s: float = 900.0
    slow: float = 1.3
    steps: float = 20.0
    not_resumed: float = 1.5
    straggler: float = 1.2
    mfu: float = 0.0
    util: float = 0.3
    throttle_s: float = 60.0
    memory: float = 0.95
    memory_minutes: float = 60.0
    disk_gb: float = 5.0
    disk_checkpoints: float = 2.0
    budget: float = 0.8
    idle_minutes: float = 10.0
    at_risk_minutes: float = 60.0

    @classmethod
    def of(cls, table: Mapping[str, Any]) -> Thresholds:
        """From a job's `alerts`; what is missing or no number keeps its default."""
        given = {field.name: number(table.get(field.name)) for field in dataclasses.fields(cls)}
        return cls(**{name: value for name, value in given.items() if value is not None})
