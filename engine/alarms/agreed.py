"""What was agreed before the attempt and rules need besides thresholds: bands, limits, where a resume goes on.

Read from a job or a frozen profile. Loose values are absent values: neither file is trusted to be whole.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any, Mapping, Tuple

from engine.events.base import number, whole

Range = Tuple[float, float]
Band = Tuple[float, float, float, float]
"""From, to, lowest, highest; from and to in `x`."""


@dataclass(frozen=True)
class Expected:
    """What one metric should look like: always, first, last, and by stretches of the progress."""

    range: Range | None = None
    first: Range | None = None
    last: Range | None = None
    bands: tuple[Band, ...] = ()


@dataclass(frozen=True)
class Agreed:
    """None is unknown. `ignored` names alarms that the profile does not want to hear of."""

    expect: Mapping[str, Expected] = field(default_factory=dict)
    x: str = "step"
    ignored: frozenset[str] = frozenset()
    hours: float | None = None
    dollars: float | None = None
    price_hour: float | None = None
    before_s: float = 0.0
    """Seconds that earlier attempts trained: limits count them."""
    resume_step: int | None = None
    resume_loss: float | None = None
    at_risk_s: float | None = None
    """Work that is safe nowhere else, where somebody looked at the disks; else the trainer's own word counts."""

    @classmethod
    def of(cls, source: Mapping[str, Any]) -> Agreed:
        """From a job; a profile has the same tables but for what belongs to one attempt."""
        limits, resume = table(source, "limits"), table(source, "resume")
        actions = table(table(source, "alerts"), "actions")
        x = table(source, "log").get("x")
        return cls(
            expect={
                name: _expected(told)
                for name, told in table(source, "expect").items()
                if isinstance(told, dict)
            },
            x=x if isinstance(x, str) else "step",
            ignored=frozenset(name for name, action in actions.items() if action == "ignore"),
            hours=amount(limits.get("hours")),
            dollars=amount(limits.get("dollars")),
            price_hour=amount(limits.get("price_hour")),
            before_s=amount(resume.get("before_s")) or 0.0,
            resume_step=whole(resume.get("step")),
            resume_loss=number(resume.get("loss")),
        )


def _expected(told: Mapping[str, Any]) -> Expected:
    rows = [_numbers(row, 4) for row in told.get("bands") or () if isinstance(row, (list, tuple))]
    return Expected(
        range=_range(told.get("range")),
        first=_range(told.get("first")),
        last=_range(told.get("last")),
        bands=tuple((row[0], row[1], row[2], row[3]) for row in rows if row),
    )


def _range(value: object) -> Range | None:
    pair = _numbers(value, 2)
    return (pair[0], pair[1]) if pair else None


def _numbers(value: object, count: int) -> list[float]:
    """That many numbers, or none."""
    told = [number(one) for one in value] if isinstance(value, (list, tuple)) else []
    found = [one for one in told if one is not None]
    return found if len(found) == len(told) == count else []


def table(source: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """A table inside of another; empty where there is none."""
    found = source.get(name)
    return found if isinstance(found, dict) else {}


def amount(value: object) -> float | None:
    """A number that is finite and not below 0."""
    found = number(value)
    return found if found is not None and math.isfinite(found) and found >= 0 else None
