"""From values to dot rows: linear or logarithmic, row 0 at the top.

Works on halves, so that not even the whole range of a float overflows.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from sys import float_info

import numpy as np

from cockpit.plot.curve import Floats
from cockpit.plot.ticks import step_of

SMALLEST = 5e-324
NUDGE = 1e-9
"""So that what is level but for rounding, halfway between two rows, stays on one of them."""
_TINY = 1e-290


@dataclass(frozen=True)
class Scale:
    """low and high are values, also when it is logarithmic (then both are positive)."""

    low: float
    high: float
    log: bool = False

    def exact(self, values: Floats, height: int) -> Floats:
        """Rows as fractions, unbounded."""
        bottom, top = self._placed(np.array([self.low, self.high]))
        with np.errstate(over="ignore", invalid="ignore"):
            rows: Floats = (top - self._placed(values)) / (top - bottom) * (height - 1)
        return rows

    def clipped(self, rows: Floats, height: int) -> Floats:
        return np.rint(np.clip(rows + NUDGE, -1, height))

    def rows(self, values: Floats, height: int) -> Floats:
        """Whole rows; -1 is above the picture, `height` below."""
        return self.clipped(self.exact(values, height), height)

    def row(self, value: float, height: int) -> int:
        return int(self.rows(np.array([value]), height)[0])

    def _placed(self, values: Floats) -> Floats:
        if self.log:
            return np.log10(np.maximum(values, SMALLEST))
        return values / 2


def fitted(low: float, high: float, log: bool, ticks: int) -> Scale:
    """A scale that shows low to high, its ends rounded outwards so that it rarely moves while data comes."""
    if not (math.isfinite(low) and math.isfinite(high)) or low > high:
        return Scale(1.0, 10.0, True) if log else Scale(0.0, 1.0)
    if log:
        return _decades(max(low, SMALLEST), max(high, SMALLEST))
    if high / 2 - low / 2 <= 1e-12 * max(abs(low), abs(high), _TINY):
        aside = abs(low) * 0.05 if abs(low) > _TINY else 1.0
        return Scale(_bounded(low - aside), _bounded(high + aside))
    step = step_of(low, high, ticks) / 4
    if not (step > 0 and math.isfinite(step)):
        return Scale(low, high)
    below, above = math.floor(low / step) * step, math.ceil(high / step) * step
    return Scale(min(_bounded(below), low), max(_bounded(above), high))


def _bounded(value: float) -> float:
    return min(max(value, -float_info.max), float_info.max)


def _decades(low: float, high: float) -> Scale:
    """Ends at 1, 2 or 5 times a power of ten."""
    bottom, top = _rounded(low, up=False), _rounded(high, up=True)
    if top <= bottom:
        bottom, top = _rounded(bottom * 0.999, up=False), _rounded(top * 1.001, up=True)
    return Scale(min(max(bottom, SMALLEST), low), max(_bounded(top), high), True)


def _rounded(value: float, up: bool) -> float:
    power = math.floor(math.log10(value))
    if power < -300 or power >= 308:
        return value * (2 if up else 0.5)
    ends = [m * 10.0**p for p in (power - 1, power, power + 1) for m in (1, 2, 5)]
    if up:
        return min(end for end in ends if end >= value * (1 - 1e-12))
    return max(end for end in ends if end <= value * (1 + 1e-12))
