"""Spans of dots, one layer over another, become characters. A lower layer is hidden by whole cells, never mixed in."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from cockpit.plot.cells import Role, Tone, ink, of_curve
from cockpit.plot.columns import Spans
from cockpit.plot.glyphs import Glyphs

_PATTERNS = {"dashed": (8, 5), "dotted": (4, 2), "plan": (6, 3)}
"""style -> dot columns of a period, and how many of them are drawn."""


class Dots:
    """The dots of one picture: raw values below, lines above."""

    def __init__(self, rows: int, columns: int, glyphs: Glyphs) -> None:
        self.rows, self.columns, self.glyphs = rows, columns, glyphs
        self._bits = np.zeros((2, rows, columns), np.intp)
        self._inks = np.zeros((2, rows, columns), np.uint16)
        self._letters = np.full((2, rows, columns), glyphs.faint or " ", "<U1")

    @property
    def height(self) -> int:
        return self.rows * self.glyphs.down

    @property
    def width(self) -> int:
        return self.columns * self.glyphs.across

    def add(self, spans: Spans, slot: int, tone: Tone, style: str = "line") -> None:
        """A curve's spans: faint ones go below, the others above. The latest takes the cells it shares."""
        above = int(tone is not Tone.FAINT or style == "plan")
        bits = self._patterned(spans, style)
        touched = bits > 0
        self._bits[above] |= bits
        code = ink(Role.MUTED) if style == "plan" else of_curve(slot, tone)
        self._inks[above][touched] = code
        if self.glyphs.letters and tone is not Tone.FAINT:
            self._letters[above][touched] = self.glyphs.letters[slot % len(self.glyphs.letters)]

    def _patterned(self, spans: Spans, style: str) -> NDArray[np.intp]:
        row = np.arange(self.height)[:, None]
        grid = (row >= spans.top) & (row <= spans.bottom)
        if style in _PATTERNS and not self.glyphs.letters:
            period, drawn = _PATTERNS[style]
            steep = spans.bottom - spans.top >= self.glyphs.down
            grid &= steep | (np.arange(self.width) % period < drawn)
        bits = np.zeros((self.rows, self.columns), np.intp)
        for (down, across), weight in np.ndenumerate(self.glyphs.weights):
            bits += grid[down :: self.glyphs.down, across :: self.glyphs.across] * weight
        return bits

    def merged(self) -> tuple[NDArray[np.str_], NDArray[np.uint16], NDArray[np.bool_]]:
        """Characters, inks, and which cells have any."""
        over = self._bits[1] > 0
        bits = np.where(over, self._bits[1], self._bits[0])
        inks = np.where(over, self._inks[1], self._inks[0])
        if self.glyphs.letters:
            letters = np.where(over, self._letters[1], self._letters[0])
            return np.where(bits > 0, letters, " "), inks, bits > 0
        return self.glyphs.table[bits], inks, bits > 0
