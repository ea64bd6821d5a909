"""The stretch of x that is looked at. Every operation gives a new window; none goes beyond the data's extent."""

from __future__ import annotations

import math
from dataclasses import dataclass

CLOSEST = 1e-9
"""Smallest width of a window beside its position: floats tell no more apart."""

JUMPS = 32
"""In how many jumps a window that follows moves by its width."""


@dataclass(frozen=True)
class Window:
    lo: float
    hi: float
    follow: bool = False
    """The right end moves with the newest data."""

    @property
    def width(self) -> float:
        return self.hi - self.lo

    def x(self, fraction: float) -> float:
        return self.lo + self.width * fraction

    def fraction(self, x: float) -> float:
        return (x - self.lo) / self.width if self.width else 0.5

    def zoom(self, factor: float, at: float = 0.5) -> Window:
        """`factor` above 1 looks closer. The point at the fraction `at` stays where it is."""
        fixed = self.x(at)
        width = max(self.width / factor, CLOSEST * max(abs(self.lo), abs(self.hi), 1e-9))
        lo = fixed - width * at
        return Window(lo, lo + width, self.follow)

    def pan(self, fraction: float) -> Window:
        """To the right by a fraction of the width."""
        shift = self.width * fraction
        return Window(self.lo + shift, self.hi + shift)

    def within(self, extent: Window) -> Window | None:
        """The nearest window that stays inside; None when that is all there is."""
        width = self.width
        if width >= extent.width:
            return None
        lo = min(max(self.lo, extent.lo), extent.hi - width)
        return Window(lo, lo + width, self.follow)

    def following(self, newest: float) -> Window:
        """The same width at the newest data, from now on too."""
        return Window(self.lo, self.hi, True).on(newest)

    def on(self, newest: float) -> Window:
        """As it stands once the data has moved on. One that follows moves by jumps, so that most pictures
        differ from the last in their newest columns alone."""
        if not self.follow:
            return self
        jump = self.width / JUMPS
        hi = math.ceil(newest / jump) * jump
        return Window(hi - self.width, hi, True)

    def sound(self) -> Window:
        """Itself, unless floats cannot tell its ends apart."""
        return (
            self
            if self.width > CLOSEST / 2 * max(abs(self.lo), abs(self.hi))
            else fit(self.lo, self.hi)
        )


def fit(low: float, high: float) -> Window:
    """All of low to high; something to look at even if that is a single point or nothing finite."""
    if not (math.isfinite(low) and math.isfinite(high)):
        return Window(0.0, 1.0)
    low, high = min(low, high), max(low, high)
    if high - low <= CLOSEST * max(abs(low), abs(high)):
        half = max(abs(low) * 0.01, 0.5)
        return Window(low - half, high + half)
    return Window(low, high)


def roomy(low: float, high: float) -> Window:
    """`fit` with the end rounded up, so that it stays put while most new points arrive."""
    exact = fit(low, high)
    unit = 10.0 ** (math.floor(math.log10(exact.width)) - 1)
    if unit == 0.0:  # a width near the smallest float
        return exact
    return Window(exact.lo, exact.lo + unit * math.ceil(exact.width / unit))
