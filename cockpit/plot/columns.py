"""Any number of points as one upright span a dot column: nothing between its least and its greatest value is left out.

`gathered` reads the points (once for each window), `spans` places what it found on dot rows (once for each scale).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cockpit.plot.curve import Floats
from cockpit.plot.prepare import Places, Points
from cockpit.plot.scale import Scale
from cockpit.plot.window import Window

_FAR = 1e15
"""Dot columns away: beyond it the slope of a line is that of a level one."""


@dataclass(frozen=True, eq=False)
class Columns:
    """The points of one stroke inside a window, as those of its dot columns that have any."""

    width: int
    at: Floats
    """Dot columns that have points, and the neighbours just outside the window, in order."""
    low: Floats
    high: Floats
    first: Floats
    last: Floats
    joined: NDArray[np.bool_]
    """Whether a line leads from each of `at` to the next."""

    @property
    def inside(self) -> NDArray[np.bool_]:
        return (self.at >= 0) & (self.at < self.width)


@dataclass(frozen=True, eq=False)
class Spans:
    """First and last dot row of each dot column; top below bottom where there is nothing."""

    top: Places
    bottom: Places


def gathered(points: Points, window: Window, width: int) -> Columns:
    """`points` in the order of x."""
    edges = window.lo + window.width * (np.arange(width + 1) / width)
    cuts = np.searchsorted(points.x, edges)
    cuts[-1] = np.searchsorted(points.x, window.hi, "right")
    at = np.flatnonzero(cuts[1:] > cuts[:-1])
    first, last = cuts[:-1][at], cuts[1:][at] - 1
    inside = points.y[: cuts[-1]]
    low = np.minimum.reduceat(inside, first) if len(first) else np.empty(0)
    high = np.maximum.reduceat(inside, first) if len(first) else np.empty(0)
    before = np.array([cuts[0] - 1] if cuts[0] > 0 else [], np.intp)
    after = np.array([cuts[-1]] if cuts[-1] < len(points.x) else [], np.intp)
    column = np.concatenate(
        (
            np.clip(_spots(points.x[before], window, width), -_FAR, -1.0),
            at.astype(np.float64),
            np.clip(_spots(points.x[after], window, width), width, _FAR),
        )
    )
    first, last = np.concatenate((before, first, after)), np.concatenate((before, last, after))
    low = np.concatenate((points.y[before], low, points.y[after]))
    high = np.concatenate((points.y[before], high, points.y[after]))
    joined = _joined(points, first, last)
    return Columns(width, column, low, high, points.y[first], points.y[last], joined)


def _spots(x: Floats, window: Window, width: int) -> Floats:
    """The dot columns of points, wherever they are."""
    return np.floor((x - window.lo) / window.width * width)


def _joined(points: Points, first: Places, last: Places) -> NDArray[np.bool_]:
    near = points.x[first[1:]] - points.x[last[:-1]] <= points.gap
    return np.asarray(near & ~np.isin(first[1:], points.breaks), np.bool_)


def spans(columns: Columns, scale: Scale, height: int) -> Spans:
    """Where the columns and the lines between them go on `height` dot rows. Rows outside are -1 and `height`."""
    width = columns.width
    top = np.full(width, np.nan)
    bottom = np.full(width, np.nan)
    entry = np.full(width, np.nan)
    own = columns.inside
    place = columns.at[own].astype(np.intp)
    top[place] = scale.rows(columns.high[own], height)
    bottom[place] = scale.rows(columns.low[own], height)
    entry[place] = scale.rows(columns.first[own], height)
    crossing = _crossings(columns, scale, height)
    left, right = crossing[:-1], crossing[1:]
    left = _after(left, np.where(np.isnan(entry), right, entry))
    top = np.fmin(np.fmin(top, left), right)
    bottom = np.fmax(np.fmax(bottom, left), right)
    drawn = ~np.isnan(top)
    return Spans(
        np.where(drawn, np.nan_to_num(top), height + 1).astype(np.intp),
        np.where(drawn, np.nan_to_num(bottom), -2).astype(np.intp),
    )


def _crossings(columns: Columns, scale: Scale, height: int) -> Floats:
    """The dot row at which a line crosses each border between dot columns; NaN where none does."""
    found = np.full(columns.width + 1, np.nan)
    if len(columns.at) < 2:
        return found
    border = np.arange(columns.width + 1) - 0.5
    link = np.searchsorted(columns.at, border, "right") - 1
    led = (link >= 0) & (link < len(columns.at) - 1)
    led[led] = columns.joined[link[led]]
    link = link[led]
    start, end = columns.at[link], columns.at[link + 1]
    part = (border[led] - start) / (end - start)
    a = scale.exact(columns.last[link], height)
    b = scale.exact(columns.first[link + 1], height)
    found[led] = scale.clipped(a + (b - a) * part, height)
    return found


def _after(left: Floats, towards: Floats) -> Floats:
    """The dot after the border's, when the column before has drawn that one already: lines stay thin."""
    return np.where(left == towards, left, left + np.sign(towards - left))
