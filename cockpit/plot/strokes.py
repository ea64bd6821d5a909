"""The curves of a picture: dots into cells, and signs for what dots cannot say."""

from __future__ import annotations

import numpy as np

from cockpit.plot.cells import Role, Tone, ink, of_curve
from cockpit.plot.columns import Columns, spans
from cockpit.plot.curve import Floats
from cockpit.plot.dots import Dots
from cockpit.plot.picture import Picture
from cockpit.plot.tracks import Track

FEW = 6
"""At most one value in so many columns: each is shown as a point."""


def draw(picture: Picture, tracks: list[Track]) -> None:
    """The first curve in front."""
    layout = picture.layout
    dots = Dots(layout.rows, layout.columns, picture.glyphs)
    for track in reversed(tracks):
        _add(dots, picture, track)
    chars, inks, drawn = dots.merged()
    area, codes = picture.cells.chars[layout.plot], picture.cells.inks[layout.plot]
    area[drawn] = chars[drawn]
    codes[drawn] = inks[drawn] | (codes[drawn] & ~np.uint16(0xFF))
    for track in reversed(tracks):
        _points(picture, track)
        _beyond(picture, track)
    for track in tracks:
        _lost(picture, track.unplaced, "below", picture.bottom)
        _lost(picture, track.prepared.bad, "bad", layout.top)


def _add(dots: Dots, picture: Picture, track: Track) -> None:
    plan = track.curve.style == "plan"
    tone = Tone.FAINT if track.line or plan else Tone.PLAIN
    style = "line" if track.line else track.curve.style
    for columns in track.raw:
        dots.add(spans(columns, picture.scale, dots.height), track.slot, tone, style)
    for columns in track.line:
        placed = spans(columns, picture.scale, dots.height)
        dots.add(placed, track.slot, Tone.PLAIN, track.curve.style)


def _points(picture: Picture, track: Track) -> None:
    """Signs where values stand alone: a single dot is easily missed."""
    scarce = track.count * FEW <= picture.layout.columns
    if track.curve.style == "plan" or not (scarce or track.curve.style == "points"):
        return
    for columns in track.raw:
        own = columns.inside
        height = picture.layout.rows * picture.glyphs.down
        rows = picture.scale.rows(columns.last[own], height) // picture.glyphs.down
        cells = columns.at[own] // picture.glyphs.across
        for row, column in zip(rows.tolist(), cells.tolist(), strict=True):
            if 0 <= row < picture.layout.rows:
                _over(picture, picture.layout.top + int(row), int(column), track.slot)


def _over(picture: Picture, row: int, column: int, slot: int) -> None:
    place = picture.layout.gutter + column
    ground = int(picture.cells.inks[row, place]) & ~0xFF
    letters = picture.glyphs.letters
    sign = letters[slot % len(letters)] if letters else picture.glyphs.signs["point"]
    picture.cells.fill(row, slice(place, place + 1), sign, of_curve(slot) | ground)


def _beyond(picture: Picture, track: Track) -> None:
    """A sign at the edge wherever values lie outside the scale."""
    code = of_curve(track.slot, Tone.BOLD)
    for columns in (*track.raw, *track.line):
        above = columns.high > picture.scale.high
        below = columns.low < picture.scale.low
        for column in _cells(picture, columns, above):
            picture.sign(picture.layout.top, column, "above", code)
        for column in _cells(picture, columns, below):
            picture.sign(picture.bottom, column, "below", code)


def _cells(picture: Picture, columns: Columns, where: np.ndarray) -> list[int]:
    found = columns.at[where & columns.inside].astype(np.intp) // picture.glyphs.across
    return [int(column) + picture.layout.gutter for column in np.unique(found)]


def _lost(picture: Picture, x: Floats, sign: str, row: int) -> None:
    """Rows that told a value which has no place: NaN and infinities above, no logarithm below."""
    for column in picture.columns(x).tolist():
        ground = int(picture.cells.inks[row, column]) & ~0xFF
        picture.sign(row, column, sign, ink(Role.ALERT, Tone.BOLD) | ground)
