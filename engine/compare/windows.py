"""The end of a curve as a number with its noise: the mean of a window, never the last point. Pure."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from engine.columns.series import Column, Floats

SHARE = 0.1
"""Of the points that are told, those at the end that count."""
LEAST, MOST = 3, 1000
FEW = 16
"""Points of a window of a short course, of which a tenth would be nearly nothing."""
SURE = 2.0
"""Standard errors beyond which a difference is none of the noise."""


@dataclass(frozen=True)
class Window:
    """`error` is that of the mean, wider where neighbours repeat each other; None: too few points to know it."""

    mean: float
    spread: float | None
    error: float | None
    points: int
    start: float
    end: float


def window(x: Column, y: Floats, until: float | None = None) -> Window | None:
    """The last tenth of a course, of what stands at or before `until`; None where nothing finite is."""
    fine = np.isfinite(y) if until is None else np.isfinite(y) & (np.asarray(x) <= until)
    x, y = np.asarray(x)[fine], y[fine]
    if not len(y):
        return None
    count = min(max(round(SHARE * len(y)), min(FEW, len(y) // 4), LEAST), MOST, len(y))
    last = np.asarray(y[-count:], np.float64)
    spread = error = None
    if count >= LEAST:
        spread = float(np.std(last, ddof=1))
        error = spread * math.sqrt(_doubled(last) / count)
    return Window(float(np.mean(last)), spread, error, count, float(x[-count]), float(x[-1]))


def apart(one: Window, other: Window) -> bool | None:
    """Whether the means differ by more than their noise; None where the noise of one is unknown."""
    if one.error is None or other.error is None:
        return None
    return abs(one.mean - other.mean) > SURE * math.hypot(one.error, other.error)


def _doubled(values: Floats) -> float:
    """By how much neighbours that repeat each other reduce what there is to know: (1 + r) / (1 - r)."""
    around = values - values.mean()
    power = float(np.dot(around, around))
    if power <= 0.0:
        return 1.0
    again = min(max(float(np.dot(around[1:], around[:-1])) / power, 0.0), 0.95)
    return (1.0 + again) / (1.0 - again)
