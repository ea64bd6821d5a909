"""Round values to write on an axis, and how far apart they are."""

from __future__ import annotations

import math
from bisect import bisect_left

_DURATIONS = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200)
_DAY = 86400.0


def step_of(low: float, high: float, most: int) -> float:
    """The smallest of 1, 2, 2.5, 5 times a power of ten that needs at most `most` steps."""
    rough = (high / 2 - low / 2) / max(most, 1) * 2
    if not (rough > 0 and math.isfinite(rough)):
        return 0.0
    power = math.floor(math.log10(rough))
    unit = 10.0**power
    if unit == 0.0:
        return rough
    return next((m * unit for m in (1, 2, 2.5, 5) if m * unit >= rough * (1 - 1e-9)), 10 * unit)


def linear(low: float, high: float, most: int) -> list[float]:
    return _multiples(low, high, step_of(low, high, most))


def durations(low: float, high: float, most: int) -> list[float]:
    """Seconds, at steps that clocks have."""
    rough = (high - low) / max(most, 1)
    if rough < 1:
        return linear(low, high, most)
    if rough > _DURATIONS[-1]:
        return _multiples(low, high, max(step_of(low / _DAY, high / _DAY, most), 1.0) * _DAY)
    return _multiples(low, high, float(_DURATIONS[bisect_left(_DURATIONS, rough)]))


def logarithmic(low: float, high: float, most: int) -> list[float]:
    """Powers of ten, thinned out when there are many, with 2 and 5 between them when there are few."""
    first, last = math.ceil(math.log10(low) - 1e-9), math.floor(math.log10(high) + 1e-9)
    count = last - first + 1
    if count < 2:
        inner = [m * 10.0**p for p in range(first - 1, last + 2) for m in (1, 2, 5)]
        fine = [value for value in inner if low <= value <= high]
        return fine if 1 < len(fine) <= most + 1 else linear(low, high, most)
    every = max(1, -(-count // max(most, 1)))
    return [10.0**power for power in range(first, last + 1) if power % every == 0]


def _multiples(low: float, high: float, step: float) -> list[float]:
    if step <= 0 or not math.isfinite(step):
        return []
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    if last - first > 1000:
        return []
    return [index * step for index in range(first, last + 1)]
