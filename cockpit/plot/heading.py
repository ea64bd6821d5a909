"""The first line: what it is, what it is now (or under the crosshair), and how it is drawn."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from cockpit.plot.cells import Role, Tone, cut, ink, length, of_curve
from cockpit.plot.curve import Scene, View
from cockpit.plot.marks import ROLES, near
from cockpit.plot.numbers import exactly, on_axis, short
from cockpit.plot.picture import Picture
from cockpit.plot.readout import Reading, reading
from cockpit.plot.tracks import Track

_MUTED = ink(Role.MUTED)


@dataclass(frozen=True)
class Piece:
    text: str
    ink: int


Group = list[Piece]
"""Pieces that are shown together or not at all."""


def wants_row(scene: Scene, width: int) -> bool:
    """Whether the legend needs a row of its own."""
    shown = [curve for curve in scene.curves if curve.style != "plan"]
    return len(shown) > 1 and sum(length(curve.name) + 12 for curve in shown) > width - 16


def write(picture: Picture, scene: Scene, view: View, tracks: list[Track]) -> None:
    shown = [track for track in tracks if track.curve.style != "plan"]
    name = scene.title or (scene.curves[0].name if scene.curves else "")
    title = cut(name, max(picture.layout.width - 10, picture.layout.width // 2))
    end = picture.cells.put(0, 1, title, ink(Role.TITLE, Tone.BOLD))
    right = _remarks(picture, scene, view)
    many = len(shown) > 1
    groups = list(_where(picture, scene, view))
    values = [_value(picture, view, track, many) for track in shown]
    if picture.layout.top > 1:
        _lay(picture, 1, 1, values)
    else:
        groups += values
    if not many and view.crosshair is None:
        groups += list(_lowest(picture, scene, shown))
    end = _lay(picture, 0, end + 2, groups)
    size = sum(length(piece.text) for piece in right)
    if right and end + size + 1 <= picture.layout.width:
        _lay(picture, 0, picture.layout.width - size - 1, [right])


def _lay(picture: Picture, row: int, column: int, groups: list[Group]) -> int:
    """Groups from left to right, as many as there is room for."""
    for group in groups:
        size = sum(length(piece.text) for piece in group)
        if column + size > picture.layout.width:
            break
        for piece in group:
            column = picture.cells.put(row, column, piece.text, piece.ink)
        column += 2
    return column


def _where(picture: Picture, scene: Scene, view: View) -> Iterator[Group]:
    """Where the crosshair stands, and on what."""
    if view.crosshair is None:
        return
    yield [Piece(exactly(scene.axis, view.crosshair), ink(Role.TEXT))]
    mark = near(scene, view.crosshair, picture.window.width / max(picture.layout.columns, 1) * 0.75)
    if mark is not None:
        sign = picture.glyphs.signs[mark.kind]
        text = cut(mark.text or mark.kind, 32, picture.glyphs.signs["ellipsis"])
        yield [Piece(f"{sign} {text}", ink(ROLES[mark.kind]))]


def _value(picture: Picture, view: View, track: Track, many: bool) -> Group:
    reach = picture.window.width / max(picture.layout.columns, 1)
    told = reading(track.prepared, view.crosshair, reach)
    number = short(told.value) if told is not None else picture.glyphs.signs["absent"]
    code = of_curve(track.slot, Tone.BOLD)
    if not many:
        return [Piece(number, code), *_average(told)]
    name = cut(track.curve.name, 24, picture.glyphs.signs["ellipsis"])
    return [
        Piece(f"{_sample(picture, track)} ", of_curve(track.slot)),
        Piece(f"{name} ", ink(Role.TEXT)),
        Piece(number, code),
    ]


def _average(told: Reading | None) -> Group:
    if told is None or told.average is None:
        return []
    return [Piece("  ema ", _MUTED), Piece(short(told.average), ink(Role.TEXT))]


def _sample(picture: Picture, track: Track) -> str:
    letters = picture.glyphs.letters
    if letters:
        return letters[track.slot % len(letters)]
    return picture.glyphs.samples[track.curve.style]


def _lowest(picture: Picture, scene: Scene, shown: list[Track]) -> Iterator[Group]:
    """The extreme that matters most: the least value, and where."""
    for track in shown:
        points = track.prepared.points
        if len(points.y) > 1:
            at = track.prepared.least
            where = on_axis(scene.axis, float(points.x[at]))
            yield [
                Piece("min ", _MUTED),
                Piece(short(float(points.y[at])), ink(Role.TEXT)),
                Piece(f" @ {where}", _MUTED),
            ]


def _remarks(picture: Picture, scene: Scene, view: View) -> Group:
    look = view.look
    zoomed = picture.window.width < picture.extent.width * 0.999
    said = [
        scene.note,
        "zoomed" if zoomed else "",
        "log" if look.log else "",
        "bulk" if look.robust else "",
    ]
    text = " · ".join(word for word in said if word)
    return [Piece(text, _MUTED)] if text else []
