"""What stands between the screen and the terminal: the last filter on every line, and how a bug is told.

Text from outside is made harmless where it is shown. The filter is there for the day that somebody forgets it.
"""

from __future__ import annotations

import sys
from functools import lru_cache

from rich.cells import cell_len
from rich.segment import Segment
from textual.color import Color
from textual.filter import LineFilter

from engine.display import display


@lru_cache(maxsize=1024)
def _safe(text: str) -> str:
    return display(text, len(text))


def _harmless(text: str) -> bool:
    return (text.isascii() and text.isprintable()) or _safe(text) == text


class Harmless(LineFilter):
    """No text of any widget carries a control character, a bidirectional override or anything invisible."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        """Every cell that is drawn comes through here, nearly all of them harmless: those are not made anew."""
        if all(one.control or _harmless(one.text) for one in segments):
            return segments
        return [one if one.control else Segment(_safe(one.text), one.style) for one in segments]


_ALIKE = {
    "│┃┆┊▏": "|", "─━┄┈┅╌═⎯": "-", "╭╮╰╯┌┐└┘├┤┬┴┼": "+", "█▉▇▆▅": "#", "▄▃▓": "=", "▂▁▒░": ".",
    "●◐◒◔◍◕": "o", "○◌": "o", "■▮▪": "#", "◆": "*", "★": "*", "✔": "+", "✖": "x", "⚠": "!", "‼": "!",
    "⟲↻": "@", "▸▶": ">", "◂◀": "<", "↑": "^", "↓": "v", "→": ">", "←": "<", "⇧": "^", "›": ">",
    "—–−": "-", "×": "x", "·": ".", "…": "~", "±": "~", "°": "'", "²": "2",
}  # fmt: skip
_PLAIN = str.maketrans({one: plain for many, plain in _ALIKE.items() for one in many})


@lru_cache(maxsize=8192)
def _plain(text: str) -> str:
    if text.isascii():
        return text
    return "".join(one if one.isascii() else "?" * cell_len(one) for one in text.translate(_PLAIN))


class Plain(LineFilter):
    """Nothing but ASCII, each sign by the one that looks most like it; every cell keeps its width."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        return [one if one.control else Segment(_plain(one.text), one.style) for one in segments]


def encoding() -> str:
    """Of the terminal itself: while the app runs, what is printed goes elsewhere."""
    return getattr(sys.__stdout__, "encoding", None) or "utf-8"


def bug(error: BaseException | None, path: object) -> str:
    """What is left on the terminal after a bug: no traceback and no value of a variable."""
    name = type(error).__name__ if error is not None else "unknown"
    kept = f"; its traceback is in {path}" if path else ""
    return f"cockpit: this is a bug: {name}{kept}\nYour runs go on: engine ls shows them.\n"
