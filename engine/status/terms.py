"""What was agreed before the run and judgements need: thresholds, steps, the price and its limit.

Read from the frozen job of an attempt, or from the frozen profile where no attempt is yet. Loose
values are absent values: neither file is trusted to be whole.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from engine.alarms import Thresholds
from engine.events.base import number, whole

DEFAULT = Thresholds()


@dataclass(frozen=True)
class Terms:
    """`price_hour` and `cap` are dollars."""

    thresholds: Thresholds = DEFAULT
    total: int | None = None
    price_hour: float | None = None
    cap: float | None = None
    at_risk_s: float = 3600.0
    """Seconds of work that are safe nowhere else, from which somebody should know; 0: never."""

    @classmethod
    def of(cls, job: Mapping[str, Any] | None, profile: Mapping[str, Any] | None) -> Terms:
        """The job's word stands above the profile's."""
        source = job or profile or {}
        limits = _table(source, "limits")
        total = whole(job.get("total")) if job else whole(_table(source, "train").get("max_steps"))
        return cls(
            Thresholds.of(_table(source, "alerts")),
            total,
            _amount(limits.get("price_hour")),
            _amount(limits.get("dollars")),
            60.0 * _minutes(_table(source, "alerts").get("at_risk_minutes")),
        )


def _table(source: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = source.get(name)
    return found if isinstance(found, dict) else {}


def _minutes(value: object) -> float:
    found = _amount(value)
    return 60.0 if found is None else found


def _amount(value: object) -> float | None:
    found = number(value)
    return found if found is not None and math.isfinite(found) and found >= 0 else None
