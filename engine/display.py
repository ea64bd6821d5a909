"""The one way by which text from outside reaches a terminal.

Control sequences, C1 controls, bidirectional overrides and invisible characters become visible, harmless marks; what
is too long is cut with a mark. Standard library, Python 3.8.
"""

from __future__ import annotations

import unicodedata

_HARMLESS = frozenset(("Lu", "Ll", "Lt", "Lm", "Lo", "Mn", "Mc", "Nd", "Nl", "No"))
_VISIBLE = _HARMLESS | frozenset(("Pc", "Pd", "Ps", "Pe", "Pi", "Pf", "Po", "Sm", "Sc", "Sk", "So"))
_STACK = 4
"""Combining marks in a row that are kept; a tower of them paints over the lines above."""


def display(text: str | bytes, width: int = 4096) -> str:
    """Text as it may be shown: one line, at most `width` characters, nothing a terminal would obey."""
    if isinstance(text, bytes):
        text = text.decode("utf-8", "backslashreplace")
    cut = len(text) > width
    text = text[: width - 1] if cut and width > 0 else text[:width]
    if not text.isascii() or not text.isprintable():
        text = _harmless(text)
    return text + "…" if cut else text


def _harmless(text: str) -> str:
    shown = []
    marks = 0
    for character in text:
        kind = unicodedata.category(character)
        marks = marks + 1 if kind in ("Mn", "Me", "Mc") else 0
        if character == "\t":
            shown.append("    ")
        elif (kind in _VISIBLE and marks <= _STACK) or character == " ":
            shown.append(character)
        elif kind == "Zs":
            shown.append(" ")
        elif marks <= _STACK:
            shown.append(_mark(ord(character)))
    return "".join(shown)


def _mark(code: int) -> str:
    if code < 32:
        return chr(0x2400 + code)
    return "\u2421" if code == 127 else "\ufffd"
