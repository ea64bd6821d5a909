"""A rectangle of characters and inks: what a picture is when it is done.

An ink is one small number (role, tone and ground together), the same in every picture, so that two pictures can be
compared cell by cell. What a role looks like is for the theme to say.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass, field
from enum import IntEnum
from functools import lru_cache
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.display import display


class Role(IntEnum):
    TEXT = 0
    MUTED = 1
    GRID = 2
    TITLE = 3
    ALERT = 4
    WARNING = 5
    GOOD = 6
    ACCENT = 7
    CURVE = 16
    """The first of CURVES."""


CURVES = 16
"""Curves that have an ink of their own; the next begins again."""


class Tone(IntEnum):
    PLAIN = 0
    BOLD = 1
    FAINT = 2


class Ground(IntEnum):
    NONE = 0
    BAND = 1
    REDONE = 2
    SELECTED = 3
    CROSS = 4


def ink(role: int, tone: Tone = Tone.PLAIN, ground: Ground = Ground.NONE) -> int:
    return role | tone << 6 | ground << 8


def of_curve(slot: int, tone: Tone = Tone.PLAIN) -> int:
    return ink(Role.CURVE + slot % CURVES, tone)


def parts(code: int) -> tuple[int, Tone, Ground]:
    """What `ink` was made of."""
    return code & 63, Tone(code >> 6 & 3), Ground(code >> 8)


@dataclass(frozen=True)
class Run:
    """Neighbouring cells of one ink."""

    text: str
    ink: int


@dataclass(eq=False)
class Cells:
    """Rows of cells. Whoever makes it writes to it; whoever is handed it only reads."""

    height: int
    width: int
    chars: NDArray[np.str_] = field(init=False)
    inks: NDArray[np.uint16] = field(init=False)

    def __post_init__(self) -> None:
        self.chars = np.full((self.height, self.width), " ", "<U1")
        self.inks = np.zeros((self.height, self.width), np.uint16)

    def copy(self) -> Cells:
        twin = Cells(self.height, self.width)
        twin.chars[:], twin.inks[:] = self.chars, self.inks
        return twin

    def put(self, row: int, column: int, text: str, code: int) -> int:
        """Write shown text from a cell on, no farther than the edge; gives the next free column."""
        if not 0 <= row < self.height:
            return column
        for character, size in sized(text):
            if column + size > self.width:
                break
            if column >= 0:
                self.chars[row, column] = character
                self.inks[row, column : column + size] = code
                if size == 2:
                    self.chars[row, column + 1] = ""
            column += size
        return column

    def fill(self, row: int, columns: slice, character: str, code: int) -> None:
        """One of our own signs, a cell wide, over a stretch of a row that exists."""
        self.chars[row, columns] = character
        self.inks[row, columns] = code

    def ground(self, rows: slice, columns: slice, ground: Ground) -> None:
        area = self.inks[rows, columns]
        area[:] = (area & 0xFF) | (ground << 8)

    def runs(self, row: int) -> list[Run]:
        inks = self.inks[row]
        starts = [0, *(np.flatnonzero(inks[1:] != inks[:-1]) + 1).tolist(), self.width]
        line: list[Any] = self.chars[row].tolist()
        codes = inks.tolist()
        return [Run("".join(line[a:b]), codes[a]) for a, b in pairwise(starts) if b > a]

    def text(self) -> list[str]:
        return ["".join(row) for row in self.chars.tolist()]

    def changed(self, before: Cells | None) -> list[tuple[int, int, int]]:
        """(row, first column, one past the last) of what differs; everything when the size does."""
        if before is None or (before.height, before.width) != (self.height, self.width):
            return [(row, 0, self.width) for row in range(self.height)]
        other = (self.chars != before.chars) | (self.inks != before.inks)
        found = []
        for row in np.flatnonzero(other.any(axis=1)).tolist():
            where = np.flatnonzero(other[row])
            found.append((row, int(where[0]), int(where[-1]) + 1))
        return found


@lru_cache(maxsize=256)
def sized(text: str) -> tuple[tuple[str, int], ...]:
    """Characters made harmless, and the cells each takes. A cell holds one: marks that combine are left out."""
    shown = display(text)
    if shown.isascii():
        return tuple((character, 1) for character in shown)
    return tuple(
        (character, 2 if unicodedata.east_asian_width(character) in "WF" else 1)
        for character in shown
        if unicodedata.category(character) not in ("Mn", "Me", "Cf")
    )


@lru_cache(maxsize=2048)
def length(text: str) -> int:
    """Cells that a text takes."""
    return sum(size for _, size in sized(text))


def cut(text: str, width: int, mark: str = "…") -> str:
    """The text in at most `width` cells, with a mark where something was left out."""
    pieces = sized(text)
    if sum(size for _, size in pieces) <= width:
        return "".join(character for character, _ in pieces)
    kept, used = "", 0
    for character, size in pieces:
        if used + size > width - len(mark):
            break
        kept, used = kept + character, used + size
    return kept + mark if width >= len(mark) else ""
