"""The lines beside and below a plot, their labels, and a grid so faint that it never competes with data."""

from __future__ import annotations

from dataclasses import dataclass

from cockpit.plot import ticks
from cockpit.plot.cells import Role, ink, length
from cockpit.plot.curve import Axis
from cockpit.plot.layout import Layout
from cockpit.plot.numbers import fitting, on_axis
from cockpit.plot.picture import Picture

_LINE = ink(Role.GRID)
_LABEL = ink(Role.MUTED)
_APART = 12
"""Columns that a label of x has to itself."""


def most_levels(layout: Layout) -> int:
    """How many steps of y fit."""
    return max(layout.rows // 4, 1)


@dataclass(frozen=True)
class Known:
    """Which ends of the axes come from data: the others have lines but no numbers, for these would be made up."""

    x: bool
    y: bool


def draw(picture: Picture, axis: Axis, known: Known) -> None:
    layout = picture.layout
    if layout.gutter:
        for row in range(layout.top, picture.bottom + 1):
            picture.sign(row, layout.gutter - 1, "side", _LINE)
        if known.y:
            _levels(picture)
    if layout.rule is not None:
        _rule(picture, layout.rule)
    if layout.labels is not None and known.x:
        _labels(picture, layout.labels, axis)


def _levels(picture: Picture) -> None:
    layout, cells = picture.layout, picture.cells
    side = layout.gutter - 1
    for row, value in _labelled(picture).items():
        label = fitting(value, side)
        cells.put(row, side - len(label), label, _LABEL)
        picture.sign(row, side, "level", _LINE)
        if layout.rows > 3:
            cells.fill(row, slice(layout.gutter, None), picture.glyphs.signs["grid"], _LINE)


def _labelled(picture: Picture) -> dict[int, float]:
    """Row -> the value written there: round ones where there is room for two, and else the two ends."""
    scale, most = picture.scale, most_levels(picture.layout)
    found: list[float] = []
    if picture.layout.rows > 3:
        steps = ticks.logarithmic if scale.log else ticks.linear
        found = steps(scale.low, scale.high, most)
    values = found if len(found) > 1 else [scale.low, scale.high]
    rows = {picture.row(value): value for value in values}
    return {
        row: value for row, value in rows.items() if picture.layout.top <= row <= picture.bottom
    }


def _rule(picture: Picture, row: int) -> None:
    layout, signs = picture.layout, picture.glyphs.signs
    picture.cells.fill(row, slice(layout.gutter, None), signs["rule"], _LINE)
    if layout.gutter:
        picture.sign(row, layout.gutter - 1, "corner", _LINE)


def _labels(picture: Picture, row: int, axis: Axis) -> None:
    layout, cells = picture.layout, picture.cells
    free = layout.gutter
    for value in _stops(picture, axis):
        column = picture.column(value)
        if column is None:
            continue
        label = on_axis(axis, value)
        size = length(label)
        start = min(max(column - size // 2, layout.gutter), layout.width - size)
        if start < free:
            continue
        cells.put(row, start, label, _LABEL)
        free = start + size + 2
        if layout.rule is not None:
            picture.sign(layout.rule, column, "tick", _LINE)
    name = axis.kind if axis.kind not in ("clock", "money") else ""
    if name and layout.gutter > len(name):
        cells.put(row, 0, name.rjust(layout.gutter - 1), _LINE)


def _stops(picture: Picture, axis: Axis) -> list[float]:
    lo, hi = picture.window.lo, picture.window.hi
    most = max(picture.layout.columns // _APART, 2)
    if axis.kind in ("time", "clock"):
        away = axis.offset_s if axis.kind == "clock" else 0.0
        return [value - away for value in ticks.durations(lo + away, hi + away, most)]
    found = ticks.linear(lo, hi, most)
    counted = axis.kind in ("step", "tokens")
    return [value for value in found if not counted or value == round(value)]
