"""The curves of a scene as they are under one window, and the scale that shows them. What was computed is kept."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np

from cockpit.plot.columns import Columns, gathered
from cockpit.plot.curve import Curve, Floats, Look, Scene
from cockpit.plot.prepare import FARTHEST, Points, Prepared, prepared
from cockpit.plot.scale import Scale, fitted
from cockpit.plot.window import Window, fit, roomy


@dataclass(frozen=True, eq=False)
class Track:
    """One curve in one window. Each list has an entry a stroke."""

    slot: int
    prepared: Prepared
    raw: list[Columns]
    line: list[Columns]
    """The average; empty when raw is the line."""
    unplaced: Floats
    """x of values that a logarithmic scale has no place for."""

    @property
    def curve(self) -> Curve:
        return self.prepared.curve

    @property
    def count(self) -> int:
        """Dot columns in the window that have a value."""
        return sum(int(columns.inside.sum()) for columns in self.raw)


@dataclass(frozen=True)
class _Key:
    window: Window
    width: int
    log: bool


class Tracks:
    """Makes tracks; keeps of every slot the last, and redoes only what its changes ask for."""

    def __init__(self) -> None:
        self._prepared: dict[int, Prepared] = {}
        self._made: dict[int, tuple[_Key, Track]] = {}

    def prepare(self, scene: Scene, look: Look) -> list[Prepared]:
        found = {
            slot: prepared(curve, look.smoothing, self._prepared.get(slot))
            for slot, curve in enumerate(scene.curves)
        }
        self._prepared = found
        self._made = {slot: made for slot, made in self._made.items() if slot in found}
        return list(found.values())

    def track(self, slot: int, window: Window, width: int, log: bool) -> Track:
        key = _Key(window, width, log)
        found = self._prepared[slot]
        made = self._made.get(slot)
        if made is not None and made[0] == key and _alike(made[1].prepared, found):
            track = replace(made[1], prepared=found)
        else:
            track = _track(slot, found, key)
        self._made[slot] = (key, track)
        return track


def _alike(before: Prepared, now: Prepared) -> bool:
    """Whether the drawn numbers are the very same."""
    return before.points is now.points and before.average is now.average


def _track(slot: int, found: Prepared, key: _Key) -> Track:
    points, line = found.points, found.line()
    unplaced = np.empty(0)
    if key.log:
        unplaced = points.x[points.y <= 0]
        points, line = _positive(points), _positive(line)
    raw = [gathered(stroke, key.window, key.width) for stroke in points.strokes()]
    if found.average is None:
        return Track(slot, found, raw, [], unplaced)
    average = [gathered(stroke, key.window, key.width) for stroke in line.strokes()]
    return Track(slot, found, raw, average, unplaced)


def _positive(points: Points) -> Points:
    """Without the points that have no logarithm; the line breaks where they were."""
    fine = points.y > 0
    if fine.all():
        return points
    before = np.concatenate(([0], np.cumsum(fine)))
    lost = np.flatnonzero(~fine)
    return replace(
        points,
        x=points.x[fine],
        y=points.y[fine],
        breaks=np.unique(np.concatenate((before[points.breaks], before[lost]))),
        falls=np.unique(before[points.falls]),
    )


def extent(found: Iterable[Prepared], scene: Scene) -> tuple[Window, float]:
    """All there is of x and what is still to come; and the newest value's x."""
    parts = [part for one in found for part in (_turns(one.points), one.bad) if len(part)]
    ends = [float(end) for part in parts for end in (part.min(), part.max())]
    axis = scene.axis
    if not ends:
        return fit(0.0, axis.total or 1.0), 0.0
    low, high = min(ends), max(ends)
    if axis.total is not None and high <= axis.total < FARTHEST:
        return fit(low if axis.kind == "clock" else min(low, 0.0), axis.total), high
    return (roomy if axis.live else fit)(low, high), high


def _turns(points: Points) -> Floats:
    """The x of both ends and of wherever it goes back: its extremes are among them."""
    if not len(points.x):
        return points.x
    last = len(points.x) - 1
    return points.x[np.concatenate(([0], points.falls, points.falls - 1, [last])).astype(np.intp)]


def scale_of(tracks: list[Track], scene: Scene, look: Look, ticks: int) -> Scale:
    """The scale on which every value in the window has a place, unless the look asks for the bulk alone."""
    lows, highs = _reach(tracks)
    if not len(lows):
        bands = [end for band in scene.bands for end in (band.low, band.high) if end is not None]
        lows = highs = np.array([end for end in bands if not look.log or end > 0])
    if not len(lows):
        lows, highs = (np.array([1.0]), np.array([10.0])) if look.log else (np.zeros(1), np.ones(1))
    low, high = float(lows.min()), float(highs.max())
    if look.robust and len(lows) > 8:
        low, high = _bulk(lows, highs)
    found = fitted(low, high, look.log, ticks)
    return _limited(found, scene.limits)


def _reach(tracks: list[Track]) -> tuple[Floats, Floats]:
    drawn = [columns for track in tracks for columns in (*track.raw, *track.line)]
    lows = [columns.low[columns.inside] for columns in drawn]
    highs = [columns.high[columns.inside] for columns in drawn]
    return np.concatenate([np.empty(0), *lows]), np.concatenate([np.empty(0), *highs])


def _bulk(lows: Floats, highs: Floats) -> tuple[float, float]:
    low, high = float(np.quantile(lows, 0.05)), float(np.quantile(highs, 0.95))
    aside = (high / 2 - low / 2) * 0.25
    return max(low - aside, float(lows.min())), min(high + aside, float(highs.max()))


def _limited(scale: Scale, limits: tuple[float | None, float | None]) -> Scale:
    low = scale.low if limits[0] is None or (scale.log and limits[0] <= 0) else limits[0]
    high = scale.high if limits[1] is None else limits[1]
    return Scale(low, high, scale.log) if low < high else scale
