"""What was agreed before the run and judgements need: thresholds, bands, steps, the price and its limit.

Read from the frozen job of an attempt, or from the frozen profile where no attempt is yet. Loose
values are absent values: neither file is trusted to be whole.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from engine.alarms import Agreed, Thresholds
from engine.alarms.agreed import amount, table
from engine.events.base import whole

DEFAULT = Thresholds()
NOTHING = Agreed()


@dataclass(frozen=True)
class Terms:
    """`price_hour` and `cap` are dollars."""

    thresholds: Thresholds = DEFAULT
    total: int | None = None
    price_hour: float | None = None
    cap: float | None = None
    agreed: Agreed = NOTHING
    gates: Mapping[str, Any] = field(default_factory=dict)
    """`[gates]` as the profile has it."""

    @classmethod
    def of(cls, job: Mapping[str, Any] | None, profile: Mapping[str, Any] | None) -> Terms:
        """The job's word stands above the profile's."""
        source = job or profile or {}
        limits = table(source, "limits")
        total = whole(job.get("total")) if job else whole(table(source, "train").get("max_steps"))
        return cls(
            Thresholds.of(table(source, "alerts")),
            total,
            amount(limits.get("price_hour")),
            amount(limits.get("dollars")),
            Agreed.of(source),
            table(source, "gates"),
        )
