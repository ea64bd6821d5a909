"""How much of something is used, as a bar to an eighth of a cell."""

from __future__ import annotations

import math

from cockpit.plot.cells import Cells, Role, ink
from cockpit.plot.glyphs import ASCII, BRAILLE, Glyphs

_EIGHTHS = " ▏▎▍▌▋▊▉█"


def bar(part: float | None, width: int, role: int = Role.ACCENT, glyphs: Glyphs = BRAILLE) -> Cells:
    """`part` from 0 to 1; what is more fills it. None or NaN: unknown, and the track alone is drawn."""
    cells = Cells(1, max(width, 0))
    track = glyphs.signs["track"]
    if part is None or math.isnan(part):
        cells.put(0, 0, glyphs.signs["rest"] * width, ink(Role.GRID))
        return cells
    letters = " #" if glyphs is ASCII else _EIGHTHS
    steps = len(letters) - 1
    filled = round(min(max(part, 0.0), 1.0) * width * steps)
    if part > 0:
        filled = max(filled, 1)
    whole, rest = divmod(filled, steps)
    cells.put(0, 0, track * width, ink(Role.GRID))
    cells.put(0, 0, letters[-1] * whole + (letters[rest] if rest else ""), ink(role))
    return cells
