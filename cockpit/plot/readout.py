"""What the numbers say at one place, in words: last values, and those under the crosshair."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from cockpit.plot.prepare import Points, Prepared


@dataclass(frozen=True)
class Reading:
    """One curve at one x. `value` may be nan or inf: that was told. None: nothing near."""

    x: float
    value: float
    average: float | None


def reading(found: Prepared, x: float | None, reach: float = math.inf) -> Reading | None:
    """The row nearest to x, at most `reach` away; x None: the last row."""
    if x is None:
        return _last(found)
    place = _nearest(found.points, x)
    lost = int(np.abs(found.bad - x).argmin()) if len(found.bad) else None
    near = None if place is None else abs(float(found.points.x[place]) - x)
    if lost is not None and (near is None or abs(float(found.bad[lost]) - x) < near):
        told = Reading(float(found.bad[lost]), float(found.bad_y[lost]), None)
    elif place is not None:
        told = _at(found, place)
    else:
        return None
    return told if abs(told.x - x) <= max(reach, found.points.gap / 16) else None


def _last(found: Prepared) -> Reading | None:
    if not found.length:
        return None
    value = float(found.curve.y[found.length - 1])
    if math.isfinite(value) and len(found.points.y):
        return _at(found, len(found.points.y) - 1)
    return Reading(float(found.curve.x[found.length - 1]), value, None)


def _at(found: Prepared, place: int) -> Reading:
    average = None if found.average is None else float(found.average.values[place])
    return Reading(float(found.points.x[place]), float(found.points.y[place]), average)


def _nearest(points: Points, x: float) -> int | None:
    """Of two equally near the later row: it is what holds after a resume."""
    if not len(points.x):
        return None
    if len(points.falls):
        return len(points.x) - 1 - int(np.abs(points.x[::-1] - x).argmin())
    place = int(np.searchsorted(points.x, x, "right"))
    around = [one for one in (place, place - 1) if 0 <= one < len(points.x)]
    return min(around, key=lambda one: abs(float(points.x[one]) - x))
