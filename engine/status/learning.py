"""Is it learning? The direction of the loss against its own noise.

Robust by construction: medians of up to 32 buckets, the Theil-Sen slope through them, and the
Mann-Kendall test, which asks only which of two values is larger. One outlier or a heavy tail moves
none of the three.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise
from statistics import median

from engine.status.answers import Learning

LEAST = 8
"""Points below which nothing is said."""
BUCKETS = 32
SURE = 2.58
"""Standard deviations of the test beyond which chance would say so once in a hundred times."""

Point = tuple[float, float]


def learning(points: Sequence[tuple[int, float]], diverging: bool = False) -> Learning:
    """The verdict on (step, loss) in the order of steps; the alarms' word `diverging` stands above it."""
    finite = [(float(step), value) for step, value in points if math.isfinite(value)]
    if len(finite) < LEAST:
        return Learning("diverging" if diverging else "unknown")
    buckets = _medians(finite)
    slope = _slope(buckets)
    per_1k = None if slope is None else 1000.0 * slope
    if per_1k is not None and not math.isfinite(per_1k):
        per_1k = None
    return Learning("diverging" if diverging else _direction(buckets), per_1k)


def _medians(points: Sequence[Point]) -> list[Point]:
    """At most BUCKETS points, each the median of its neighbours."""
    count = min(BUCKETS, len(points))
    edges = [index * len(points) // count for index in range(count + 1)]
    groups = [points[a:b] for a, b in pairwise(edges)]
    return [(median(s for s, _ in group), median(v for _, v in group)) for group in groups]


def _slope(points: Sequence[Point]) -> float | None:
    slopes = [
        (w - v) / (t - s)
        for index, (s, v) in enumerate(points)
        for t, w in points[index + 1 :]
        if t > s and math.isfinite(w - v)
    ]
    return median(slopes) if slopes else None


def _direction(points: Sequence[Point]) -> str:
    values = [value for _, value in points]
    count = len(values)
    score = sum((w > v) - (w < v) for index, v in enumerate(values) for w in values[index + 1 :])
    spread = math.sqrt(count * (count - 1) * (2 * count + 5) / 18)
    if (abs(score) - 1) / spread < SURE:
        return "flat"
    return "up" if score > 0 else "down"
