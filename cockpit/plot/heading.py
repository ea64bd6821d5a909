"""The first line: what it is, what it is now (or under the crosshair), and how it is drawn."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from cockpit.plot.cells import Role, Tone, cut, ink, length, of_curve
from cockpit.plot.curve import Scene, View
from cockpit.plot.marks import ROLES, near
from cockpit.plot.numbers import exactly, on_axis, short
from cockpit.plot.picture import Picture
from cockpit.plot.readout import reading
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
    values = [group for track in shown for group in _values(picture, view, track, len(shown) > 1)]
    groups = list(values) if picture.layout.top == 1 else []
    groups += _where(picture, scene, view)
    width, margin = picture.layout.width, int(picture.layout.width >= 24)
    start = _title(picture, scene, groups[:1]) + 2 - (not margin)
    remarks = _remarks(picture, scene, view, shown)
    if len(shown) == 1 and view.crosshair is None:
        more = _least(scene, shown[0])
        if start + _size(*groups, *more, [remarks[0]] if remarks else []) < width:
            groups += more
    if picture.layout.top > 1:
        _legend(picture, values, margin)
    end = _lay(picture, 0, start, groups)
    while remarks and end + _size(_joined(remarks)) - 1 > width:
        remarks = remarks[:-1]
    if remarks:
        said = _joined(remarks)
        _lay(picture, 0, width - _size(said) + 1, [said])


def _title(picture: Picture, scene: Scene, first: list[Group]) -> int:
    """Leaves room for the first value, which says more than the end of a long name."""
    width, margin = picture.layout.width, int(picture.layout.width >= 24)
    name = scene.title or (scene.curves[0].name if scene.curves else "")
    room = max(width - margin - _size(*first), width // 3)
    title = cut(name, room, picture.glyphs.signs["ellipsis"])
    return picture.cells.put(0, margin, title, ink(Role.TITLE, Tone.BOLD))


def _joined(remarks: list[Piece]) -> Group:
    text = " · ".join(piece.text for piece in remarks)
    return [Piece(text, _MUTED)]


def _size(*groups: Group) -> int:
    """Cells, with the two that stand between groups."""
    return sum(2 + sum(length(piece.text) for piece in group) for group in groups if group)


def _lay(picture: Picture, row: int, column: int, groups: list[Group]) -> int:
    """Groups from left to right, as many as there is room for."""
    for group in groups:
        if column + _size(group) - 2 > picture.layout.width:
            break
        for piece in group:
            column = picture.cells.put(row, column, piece.text, piece.ink)
        column += 2
    return column


def _legend(picture: Picture, groups: list[Group], margin: int) -> None:
    """A row of its own; what it has no room for is counted."""
    room = picture.layout.width - margin
    fitting = len(groups)
    while fitting and _size(*groups[:fitting]) > room - 3:
        fitting -= 1
    column = _lay(picture, 1, margin, groups[:fitting])
    if fitting < len(groups):
        picture.cells.put(1, column, f"+{len(groups) - fitting}", _MUTED)


def _where(picture: Picture, scene: Scene, view: View) -> Iterator[Group]:
    """Where the crosshair stands, and on what."""
    x = view.crosshair
    if x is None:
        return
    yield [Piece(exactly(scene.axis, x), ink(Role.TEXT))]
    mark = near(scene, x, picture.window.width / max(picture.layout.columns, 1) * 0.75)
    if mark is not None:
        sign = picture.glyphs.signs[mark.kind]
        text = cut(mark.text or mark.kind, 32, picture.glyphs.signs["ellipsis"])
        yield [Piece(f"{sign} {text}", ink(ROLES[mark.kind]))]


def _values(picture: Picture, view: View, track: Track, many: bool) -> Iterator[Group]:
    """The value and its average; beside others its name too."""
    reach = picture.window.width / max(picture.layout.columns, 1)
    told = reading(track.prepared, view.crosshair, reach)
    number = short(told.value) if told is not None else picture.glyphs.signs["absent"]
    value = Piece(number, of_curve(track.slot, Tone.BOLD))
    if many:
        name = cut(track.curve.name, 24, picture.glyphs.signs["ellipsis"])
        sample = Piece(f"{_sample(picture, track)} ", of_curve(track.slot))
        yield [sample, Piece(f"{name} ", ink(Role.TEXT)), value]
        return
    yield [value]
    if told is not None and told.average is not None:
        yield [Piece("ema ", _MUTED), Piece(short(told.average), ink(Role.TEXT))]


def _sample(picture: Picture, track: Track) -> str:
    letters = picture.glyphs.letters
    if letters:
        return letters[track.slot % len(letters)]
    return picture.glyphs.samples[track.curve.style]


def _least(scene: Scene, track: Track) -> list[Group]:
    """The least value and where it was, of a curve that has ups and downs."""
    points = track.prepared.points
    if not track.line or len(points.y) < 2:
        return []
    at = track.prepared.least
    value, where = float(points.y[at]), on_axis(scene.axis, float(points.x[at]))
    return [
        [
            Piece("min ", _MUTED),
            Piece(f"{short(value)} ", ink(Role.TEXT)),
            Piece(f"@ {where}", _MUTED),
        ]
    ]


def _remarks(picture: Picture, scene: Scene, view: View, shown: list[Track]) -> list[Piece]:
    """How it is drawn, where that is not how it was told; what matters least is last."""
    look = view.look
    zoomed = picture.window.width < picture.extent.width * 0.999
    factors = {one.prepared.average.factor for one in shown if one.prepared.average is not None}
    said = [
        scene.note,
        "log" if look.log else "",
        "bulk" if look.robust else "",
        "zoomed" if zoomed else "",
        f"ema {min(factors):.4g}" if factors else "",
    ]
    return [Piece(word, _MUTED) for word in said if word]
