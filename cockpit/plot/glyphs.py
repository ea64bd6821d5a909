"""Which characters dots become: braille where the font has it, else quadrants, and ASCII where nothing else is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class Glyphs:
    """An alphabet. A cell has `across` by `down` dots, each with a weight; their sum finds the character."""

    name: str
    across: int
    down: int
    weights: NDArray[Any]
    table: NDArray[Any]
    letters: str
    """One for each curve where patterns cannot tell curves apart; empty: patterns can."""
    faint: str
    """What stands for the raw values then."""
    levels: str
    """From empty to full, for a cell that is a bar."""
    shades: str
    """From empty to full, for a cell that is a shade."""
    samples: Mapping[str, str] = field(default_factory=dict)
    """style -> how it looks in the legend, where there are no letters."""
    signs: Mapping[str, str] = field(default_factory=dict)


_SIGNS = {
    "alert": "‼",
    "resume": "↻",
    "phase": "┃",
    "spike": "▲",
    "best": "★",
    "checkpoint": "◆",
    "note": "✎",
    "bad": "✖",
    "above": "▴",
    "below": "▾",
    "point": "●",
    "upright": "┊",
    "cross": "│",
    "rule": "─",
    "tick": "┬",
    "corner": "└",
    "side": "│",
    "level": "┤",
    "grid": "┈",
    "edge": "╌",
    "absent": "—",
    "track": "░",
    "rest": "·",
    "ellipsis": "…",
}
_PLAIN = {
    **dict.fromkeys(_SIGNS, "?"),
    "alert": "!",
    "resume": "R",
    "phase": "P",
    "spike": "^",
    "best": "B",
    "checkpoint": "C",
    "note": "N",
    "bad": "x",
    "above": "^",
    "below": "v",
    "point": "o",
    "upright": ":",
    "cross": "|",
    "rule": "-",
    "tick": "+",
    "corner": "+",
    "side": "|",
    "level": "+",
    "grid": " ",
    "edge": ".",
    "absent": "-",
    "track": "-",
    "rest": ".",
    "ellipsis": "~",
}
_SAMPLES = {
    "line": "━━",
    "exact": "━━",
    "dashed": "╍╍",
    "dotted": "┅┅",
    "points": "─●",
    "plan": "┄┄",
}
_LEVELS = " ▁▂▃▄▅▆▇█"
_SHADES = " ░▒▓█"

BRAILLE = Glyphs(
    "braille",
    2,
    4,
    np.array([[1, 8], [2, 16], [4, 32], [64, 128]]),
    np.array([" ", *(chr(0x2800 + bits) for bits in range(1, 256))]),
    "",
    "",
    _LEVELS,
    _SHADES,
    _SAMPLES,
    _SIGNS,
)
BLOCKS = Glyphs(
    "blocks",
    2,
    2,
    np.array([[1, 2], [4, 8]]),
    np.array(list(" ▘▝▀▖▌▞▛▗▚▐▜▄▙▟█")),
    "",
    "",
    _LEVELS,
    _SHADES,
    _SAMPLES,
    _SIGNS,
)
ASCII = Glyphs(
    "ascii",
    1,
    1,
    np.array([[1]]),
    np.array([" ", "*"]),
    "*o+%@&=$",
    ".",
    " .:-=+*#@",
    " .:-=+*#@",
    {},
    _PLAIN,
)
ALPHABETS = {alphabet.name: alphabet for alphabet in (BRAILLE, BLOCKS, ASCII)}


def suited(encoding: str, terminal: str = "") -> Glyphs:
    """The best that this output can show: its encoding, and the kind of terminal (TERM)."""
    if encoding.lower().replace("-", "").replace("_", "") not in ("utf8", "utf8sig", "utf16"):
        return ASCII
    return BLOCKS if terminal == "linux" else BRAILLE
