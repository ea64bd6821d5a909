"""From a scene and a view to a picture. Keeps what it computed, so that the next picture costs what changed."""

from __future__ import annotations

from dataclasses import dataclass, replace

from cockpit.plot import axes, heading, marks, strokes
from cockpit.plot.cells import Cells, Ground, Role, cut, ink, length
from cockpit.plot.curve import Scene, View, alike
from cockpit.plot.layout import laid
from cockpit.plot.numbers import on_axis
from cockpit.plot.picture import Picture
from cockpit.plot.tracks import Track, Tracks, extent, scale_of


@dataclass(frozen=True, eq=False)
class _Base:
    """A picture without its heading and crosshair, which move more often than all else."""

    scene: Scene
    view: View
    picture: Picture
    tracks: list[Track]


class Painter:
    """One chart's. What it keeps is never seen: the same scene and view always give the same picture."""

    def __init__(self) -> None:
        self._tracks = Tracks()
        self._base: _Base | None = None

    def paint(self, scene: Scene, view: View) -> Picture:
        still = replace(view, crosshair=None)
        base = self._base
        if base is None or base.view != still or not alike(base.scene, scene):
            base = self._base = self._drawn(scene, still)
        picture = replace(base.picture, cells=base.picture.cells.copy())
        if picture.layout.top:
            heading.write(picture, scene, view, base.tracks)
        if view.crosshair is not None:
            _cross(picture, scene, view.crosshair)
        return picture

    def _drawn(self, scene: Scene, view: View) -> _Base:
        look = view.look
        layout = laid(view.width, view.height, heading.wants_row(scene, view.width))
        found = self._tracks.prepare(scene, look)
        whole, newest = extent(found, scene)
        window = (view.window or whole).on(newest).sound()
        width = max(layout.columns, 1) * look.glyphs.across
        slots = range(len(scene.curves))
        tracks = [self._tracks.track(slot, window, width, look.log) for slot in slots]
        scale = scale_of(tracks, scene, look, axes.most_levels(layout))
        cells = Cells(view.height, view.width)
        picture = Picture(cells, layout, window, whole, newest, scale, look.glyphs)
        if layout.rows > 0 and layout.columns > 0:
            axes.draw(picture, scene.axis, _known(scene, tracks))
            marks.shade(picture, scene)
            strokes.draw(picture, tracks)
            marks.stand(picture, scene.marks)
            _say(picture, _missing(tracks))
        return _Base(scene, view, picture, tracks)


def _known(scene: Scene, tracks: list[Track]) -> axes.Known:
    rows = any(len(track.curve) for track in tracks)
    values = any(track.count for track in tracks)
    told = scene.bands or scene.limits != (None, None)
    return axes.Known(rows or scene.axis.total is not None, values or bool(told))


def _missing(tracks: list[Track]) -> str:
    """Why there is no curve to see; empty when there is one."""
    if any(track.count for track in tracks):
        return ""
    rows = sum(track.prepared.length for track in tracks)
    if not rows:
        return "no value yet"
    if any(len(track.unplaced) for track in tracks):
        return "nothing above 0 to show on a log scale"
    if not any(len(track.prepared.points.x) for track in tracks):
        return f"{rows:,} values, none of them finite" if rows > 1 else "one value, not finite"
    return "no value in this window"


def _say(picture: Picture, text: str) -> None:
    """A few words in the middle of the plot."""
    if not text:
        return
    layout = picture.layout
    shown = cut(text, layout.columns, picture.glyphs.signs["ellipsis"])
    row = layout.top + layout.rows // 2
    column = layout.gutter + (layout.columns - length(shown)) // 2
    picture.cells.put(row, column, shown, ink(Role.MUTED))


def _cross(picture: Picture, scene: Scene, x: float) -> None:
    """A line through the plot, and its x on the axis."""
    layout, cells = picture.layout, picture.cells
    column = picture.column(x)
    if column is None or layout.rows <= 0:
        return
    for row in range(layout.top, picture.bottom + 1):
        if cells.chars[row, column] in (" ", picture.glyphs.signs["grid"]):
            picture.sign(row, column, "cross", ink(Role.MUTED))
    cells.ground(layout.plot[0], slice(column, column + 1), Ground.CROSS)
    if layout.labels is not None:
        label = f" {on_axis(scene.axis, x)} "
        start = min(max(column - len(label) // 2, 0), max(layout.width - len(label), 0))
        cells.put(layout.labels, start, label, ink(Role.TEXT, ground=Ground.CROSS))
