"""From a curve as it was told to points that can be drawn: what is finite, where the line breaks, its average.

A longer curve of the same beginning costs only its tail: arrays that share memory, or bit for bit the same values.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from cockpit.plot.curve import Curve, Floats, Numbers
from cockpit.plot.grown import Grown
from cockpit.plot.smooth import Smoothed, smoothed

GAP = 16.0
"""A distance of so many usual ones is a hole in the data, and no line crosses it."""
USUAL = 512
"""How many distances are looked at to know the usual one; below 8 there is none."""
MEMORY = 8
"""Into how many of its memories a curve must be divisible."""
PIECES = 64
"""Times x may go back (a resume does); a curve with more has no order to keep, and is sorted."""

SMOOTHED = ("line", "dashed", "dotted")
"""Styles whose average is drawn."""
FARTHEST = 1e150
"""An x beyond it counts nothing, and its distances overflow."""

Places = NDArray[np.intp]
_NONE: Places = np.empty(0, np.intp)


@dataclass(frozen=True, eq=False)
class Points:
    """Finite points, in the order of the rows."""

    x: Floats
    y: Floats
    breaks: Places
    """Indices before which the line is interrupted."""
    gap: float
    """A distance that no line crosses."""
    falls: Places
    """Indices at which x goes back: a resume."""
    rooms: tuple[Grown, Grown] = field(default_factory=lambda: (Grown(), Grown()))
    """Where x and y lie when they are not the curve's own arrays."""

    def strokes(self) -> Iterator[Points]:
        """Parts whose x never falls."""
        if len(self.falls) > PIECES:
            order = np.argsort(self.x, kind="stable")
            yield replace(self, x=self.x[order], y=self.y[order], breaks=_NONE, falls=_NONE)
            return
        edges = [0, *self.falls.tolist(), len(self.x)]
        for a, b in pairwise(edges):
            yield replace(self, x=self.x[a:b], y=self.y[a:b], breaks=self.breaks - a, falls=_NONE)


@dataclass(frozen=True, eq=False)
class Prepared:
    curve: Curve
    length: int
    points: Points
    bad: Floats
    """x of the rows whose y is not finite."""
    bad_y: Floats
    average: Smoothed | None
    least: int
    """Where the least of the points is; 0 when there are none."""

    def line(self) -> Points:
        """The average as points of its own."""
        if self.average is None:
            return self.points
        return replace(self.points, y=self.average.values)


def prepared(curve: Curve, smoothing: float, before: Prepared | None = None) -> Prepared:
    """`before` is what was made of an earlier, shorter state of the same curve, if any."""
    known = before if before is not None and _continues(before, curve) else None
    length = len(curve)
    if known is not None and known.length == length:
        points, bad, bad_y = known.points, known.bad, known.bad_y
    else:
        points, bad, bad_y = _cleaned(curve, known)
    flat = curve.style not in SMOOTHED or smoothing <= 0 or len(points.y) < 3
    past = known.average if known is not None else None
    average = None if flat else smoothed(points.y, _fitting(smoothing, len(points.y)), past)
    least = _least(points.y, known)
    return Prepared(curve, length, points, bad, bad_y, average, least)


def _fitting(smoothing: float, count: int) -> float:
    """No average remembers more than an eighth of what there is, or a short run would be drawn as its own start.
    The count is taken by its power of two, so that growing changes the answer seldom."""
    return min(smoothing, 1 - MEMORY / max(1 << (count.bit_length() - 1), MEMORY + 1))


def _least(values: Floats, known: Prepared | None) -> int:
    done = len(known.points.y) if known is not None else 0
    if known is None or not done:
        return int(values.argmin()) if len(values) else 0
    if done == len(values):
        return known.least
    fresh = done + int(values[done:].argmin())
    return fresh if values[fresh] < values[known.least] else known.least


def _continues(before: Prepared, curve: Curve) -> bool:
    length = before.length
    return (
        length <= len(curve)
        and _same(before.curve.x[:length], curve.x[:length])
        and _same(before.curve.y[:length], curve.y[:length])
    )


def _same(old: Numbers, new: Numbers) -> bool:
    """Held arrays keep their memory, so one address is one array; otherwise every bit is compared."""
    if old.dtype != new.dtype:
        return False
    if old.__array_interface__["data"] == new.__array_interface__["data"]:
        return old.strides == new.strides
    if old.dtype.itemsize == 8:
        return bool(np.array_equal(old.view(np.int64), new.view(np.int64)))
    return bool(np.array_equal(old, new))


def _cleaned(curve: Curve, known: Prepared | None) -> tuple[Points, Floats, Floats]:
    start = known.length if known is not None else 0
    length = len(curve)
    x = np.asarray(curve.x[start:length], np.float64)
    y = np.asarray(curve.y[start:length], np.float64)
    fine = (np.abs(x) < FARTHEST) & np.isfinite(y)
    whole = bool(fine.all())
    old = known.points if known is not None else None
    kept = len(old.x) if old is not None else 0
    bad = bad_y = np.empty(0)
    breaks = np.empty(0, np.intp)
    if not whole:
        lost = np.flatnonzero(~fine)
        breaks = np.unique(lost - np.arange(len(lost))) + kept
        placed = lost[np.abs(x[lost]) < FARTHEST]
        bad, bad_y = x[placed], y[placed]
        x, y = x[fine], y[fine]
    rooms = old.rooms if old is not None else (Grown(), Grown())
    if whole and kept == start:
        y = np.asarray(curve.y[:length], np.float64)
        own = curve.x.dtype == np.float64
        x = np.asarray(curve.x[:length]) if own else rooms[0].joined(_x(old), x)
    elif old is not None:
        x, y = rooms[0].joined(old.x, x), rooms[1].joined(old.y, y)
    if old is not None and known is not None:
        breaks = np.unique(np.concatenate((old.breaks, breaks)))
        bad = np.concatenate((known.bad, bad))
        bad_y = np.concatenate((known.bad_y, bad_y))
    return Points(x, y, breaks, _gap(x), _falls(x, old), rooms), bad, bad_y


def _x(points: Points | None) -> Floats:
    return points.x if points is not None else np.empty(0)


def _falls(x: Floats, old: Points | None) -> Places:
    """Only what is new is looked through."""
    if old is None or not len(old.x):
        return np.flatnonzero(x[1:] < x[:-1]) + 1
    kept = len(old.x)
    fresh = np.flatnonzero(x[kept:] < x[kept - 1 : -1]) + kept
    return np.concatenate((old.falls, fresh)) if len(fresh) else old.falls


def _gap(x: Floats) -> float:
    if len(x) < 9:
        return float("inf")
    at = np.linspace(0, len(x) - 2, min(len(x) - 1, USUAL)).astype(np.intp)
    apart = x[at + 1] - x[at]
    apart = apart[apart > 0]
    return float(np.median(apart)) * GAP if len(apart) >= 8 else float("inf")
