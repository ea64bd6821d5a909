"""Rows of cells to aligned lines. Wide characters count as two columns."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

from engine.cli.output import Ink, Output
from engine.display import display

Cell = str | Ink
GAP = "  "


def grid(out: Output, header: Sequence[str], rows: Sequence[Sequence[Cell]]) -> None:
    """A header and rows of as many cells; the first column to the left, numbers are the caller's."""
    lines = [[_clean(cell) for cell in row] for row in rows]
    texts = [list(header), *([_text(cell) for cell in line] for line in lines)]
    widths = [max(map(_cells, column)) for column in zip(*texts, strict=True)]
    out.line(*_padded([Ink(name, "dim") for name in header], widths))
    for line in lines:
        out.line(*_padded(line, widths))


def _clean(cell: Cell) -> Cell:
    if isinstance(cell, Ink):
        return Ink(display(cell.text, 200), cell.colour)
    return display(cell, 200)


def _padded(line: Sequence[Cell], widths: Sequence[int]) -> list[Cell]:
    padded: list[Cell] = []
    for cell, width in zip(line, widths, strict=True):
        padded += [cell, " " * (width - _cells(_text(cell))) + GAP]
    return padded


def _text(cell: Cell) -> str:
    return cell.text if isinstance(cell, Ink) else cell


def _cells(text: str) -> int:
    if text.isascii():
        return len(text)
    return sum(_columns(character) for character in text)


def _columns(character: str) -> int:
    if unicodedata.category(character) in ("Mn", "Me"):
        return 0
    return 2 if unicodedata.east_asian_width(character) in ("W", "F") else 1
