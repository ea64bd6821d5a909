"""A history in one row or few: a bar a column, and in each the value that stands out most.

Neither the mean nor the maximum is kept: the first loses spikes and dips, the second dips. Of the values that share a
column the one farthest from the middle of all is shown, so that an idle moment of a busy GPU is as visible as a peak.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cockpit.plot.cells import Cells, Role, Tone, ink
from cockpit.plot.curve import Floats
from cockpit.plot.glyphs import BRAILLE, Glyphs


@dataclass(frozen=True, eq=False)
class History:
    """Values at equal distances, the newest last. NaN: not measured then."""

    values: Floats
    limits: tuple[float | None, float | None] = (None, None)
    """What an empty and a full column mean. None: from the values."""
    levels: tuple[tuple[float, int], ...] = ()
    """(from this value on, role): the colour of a column, the last that holds. Before the first: the accent."""


def squeezed(values: Floats, width: int) -> Floats:
    """At most `width` values, each one of those it stands for; NaN where nothing was measured."""
    count = len(values)
    if count <= width:
        return values
    finite = values[np.isfinite(values)]
    if width <= 0 or not len(finite):
        return np.full(max(width, 0), np.nan)
    middle = float(np.median(finite))
    edges = np.arange(width + 1) * count // width
    with np.errstate(over="ignore"):
        away = np.where(np.isfinite(values), np.abs(values / 2 - middle / 2), -1.0)
    most = np.repeat(np.maximum.reduceat(away, edges[:-1]), np.diff(edges))
    place = np.flatnonzero(away == most)
    first = place[np.searchsorted(place, edges[:-1])]
    return np.where(away[first] < 0, np.nan, values[first])


def strip(history: History, width: int, height: int = 1, glyphs: Glyphs = BRAILLE) -> Cells:
    """Bars from the bottom, the newest at the right end."""
    cells = Cells(height, width)
    shown = squeezed(np.asarray(history.values, np.float64), width)
    if not len(shown) or not width or not height:
        return cells
    start = width - len(shown)
    steps = len(glyphs.levels) - 1
    filled = _filled(shown, history.limits, height * steps)
    rows = np.arange(height - 1, -1, -1)[:, None]
    part = np.clip(filled[None, :] - rows * steps, 0, steps)
    cells.chars[:, start:] = np.array(list(glyphs.levels))[part]
    cells.inks[:, start:] = _inks(shown, history.levels)
    missing = np.flatnonzero(np.isnan(shown)) + start
    cells.chars[-1, missing] = glyphs.signs["rest"]
    cells.inks[-1, missing] = ink(Role.GRID)
    return cells


def _filled(
    values: Floats, limits: tuple[float | None, float | None], full: int
) -> NDArray[np.intp]:
    """Steps of each bar. A value that was measured has at least one: nothing is not little."""
    finite = values[np.isfinite(values)]
    low = limits[0] if limits[0] is not None else float(finite.min(initial=np.inf))
    high = limits[1] if limits[1] is not None else float(finite.max(initial=-np.inf))
    span = high / 2 - low / 2
    with np.errstate(all="ignore"):
        part = (values / 2 - low / 2) / span if span > 0 else np.full(len(values), 0.5)
    steps = np.rint(np.clip(np.nan_to_num(part, nan=0.0), 0, 1) * (full - 1)) + 1
    return np.where(np.isnan(values), 0, steps).astype(np.intp)


def _inks(values: Floats, levels: tuple[tuple[float, int], ...]) -> NDArray[np.uint16]:
    codes = np.full(len(values), ink(Role.ACCENT), np.uint16)
    for start, role in levels:
        codes[values >= start] = ink(role)
    return codes


def heat(history: History, width: int, glyphs: Glyphs = BRAILLE) -> Cells:
    """One row of shades: the fuller a cell, the more of it. For many rows below each other, such as ranks."""
    cells = Cells(1, width)
    shown = squeezed(np.asarray(history.values, np.float64), width)
    start = width - len(shown)
    shades = glyphs.shades
    step = _filled(shown, history.limits, len(shades) - 1)
    cells.chars[0, start:] = np.array(list(shades))[step]
    cells.inks[0, start:] = _inks(shown, history.levels)
    missing = np.flatnonzero(np.isnan(shown)) + start
    cells.chars[0, missing] = glyphs.signs["rest"]
    cells.inks[0, missing] = ink(Role.GRID, Tone.PLAIN)
    return cells
