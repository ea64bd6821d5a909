"""What stands behind and beside the data: expected bands, steps done twice, events in the run's life."""

from __future__ import annotations

from typing import get_args

import numpy as np

from cockpit.plot.cells import Ground, Role, Tone, ink
from cockpit.plot.curve import Band, Mark, MarkKind, Scene, Span
from cockpit.plot.picture import Picture

KINDS: tuple[str, ...] = get_args(MarkKind)
ROLES = {
    "alert": Role.ALERT,
    "resume": Role.WARNING,
    "phase": Role.ACCENT,
    "spike": Role.WARNING,
    "best": Role.GOOD,
    "checkpoint": Role.ACCENT,
    "note": Role.TEXT,
}
UPRIGHT = ("alert", "resume", "phase")
"""Kinds that draw a line through the plot."""


def shade(picture: Picture, scene: Scene) -> None:
    for band in scene.bands:
        _band(picture, band)
    for span in scene.spans:
        _span(picture, span)


def _band(picture: Picture, band: Band) -> None:
    columns = _columns(picture, band.start, band.end)
    layout = picture.layout
    top = layout.top if band.high is None else picture.row(band.high)
    bottom = picture.bottom if band.low is None else picture.row(band.low)
    rows = slice(max(top, layout.top), min(bottom, picture.bottom) + 1)
    if columns is None or rows.start >= rows.stop:
        return
    picture.cells.ground(rows, columns, Ground.BAND)
    for end, row in ((band.high, top), (band.low, bottom)):
        if end is not None and layout.top <= row <= picture.bottom:
            code = ink(Role.GOOD, Tone.FAINT, Ground.BAND)
            picture.cells.fill(row, columns, picture.glyphs.signs["edge"], code)


def _span(picture: Picture, span: Span) -> None:
    columns = _columns(picture, span.start, span.end)
    if columns is not None:
        ground = Ground.REDONE if span.kind == "redone" else Ground.SELECTED
        picture.cells.ground(picture.layout.plot[0], columns, ground)


def _columns(picture: Picture, start: float | None, end: float | None) -> slice | None:
    window = picture.window
    lo = window.lo if start is None else max(start, window.lo)
    hi = window.hi if end is None else min(end, window.hi)
    first, last = picture.column(lo), picture.column(hi)
    if lo > hi or first is None or last is None:
        return None
    return slice(first, last + 1)


def stand(picture: Picture, marks: tuple[Mark, ...]) -> None:
    """Lines through the plot; each mark's sign on the line below it, where there is one."""
    rule = picture.layout.rule
    for kind in reversed(KINDS):
        x = np.array([mark.x for mark in marks if mark.kind == kind], np.float64)
        for column in picture.columns(x).tolist():
            if kind in UPRIGHT:
                _upright(picture, column, ink(ROLES[kind], Tone.FAINT))
            if rule is not None:
                picture.sign(rule, column, kind, ink(ROLES[kind]))


def _upright(picture: Picture, column: int, code: int) -> None:
    chars, inks = picture.cells.chars, picture.cells.inks
    empty = (" ", picture.glyphs.signs["grid"], picture.glyphs.signs["edge"])
    for row in range(picture.layout.top, picture.bottom + 1):
        if chars[row, column] in empty:
            ground = int(inks[row, column]) & ~0xFF
            picture.sign(row, column, "upright", (code & 0xFF) | ground)


def near(scene: Scene, x: float, reach: float) -> Mark | None:
    """The mark that a crosshair at x stands on: the most urgent of those within reach."""
    found = [mark for mark in scene.marks if abs(mark.x - x) <= reach]
    return min(found, key=lambda mark: (KINDS.index(mark.kind), abs(mark.x - x)), default=None)
