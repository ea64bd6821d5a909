"""The seven answers drawn: as cards where there is width, as a list where there is none."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from cockpit.answers import Answer
from cockpit.inks import Line
from cockpit.widgets.lines import fit

CARDS = 100
LIST = 80
WEIGHTS = (13, 14, 15, 12, 14, 16, 18)
"""How the cards share the width."""


def answering(found: Sequence[Answer], width: int, height: int) -> list[Line]:
    """Cards of label, value and detail; of two lines in a narrow window; a list in a tiny one."""
    if width < LIST:
        return _list(found, width, height)
    if width < CARDS:
        return _short(found, width)
    return _cards(found, width)


def _cards(found: Sequence[Answer], width: int) -> list[Line]:
    widths = _shares(width)
    label = [(_cell(one.label, size), "faint") for one, size in zip(found, widths, strict=False)]
    value = [
        (_cell(one.value, size), f"{one.ink} bold")
        for one, size in zip(found, widths, strict=False)
    ]
    detail = [(_cell(one.detail, size), "muted") for one, size in zip(found, widths, strict=False)]
    return [label, value, detail]


def _cell(text: str, size: int) -> str:
    return " " + fit(text, size - 2) + " "


def _shares(width: int) -> list[int]:
    edges = [sum(WEIGHTS[:at]) * width // sum(WEIGHTS) for at in range(len(WEIGHTS) + 1)]
    return [b - a for a, b in pairwise(edges)]


def _short(found: Sequence[Answer], width: int) -> list[Line]:
    """Two lines of four and three."""
    lines: list[Line] = []
    for group, count in ((found[:4], 4), (found[4:], 3)):
        line: list[tuple[str, str]] = []
        edges = [at * width // count for at in range(count + 1)]
        for one, begin, end in zip(group, edges, edges[1:], strict=False):
            label = f" {one.label.lower()} "
            line.append((label, "faint"))
            room = end - begin - len(label)
            line.append((fit(one.value, room - 1) + " ", f"{one.ink} bold"))
        lines.append(line)
    return lines


def _list(found: Sequence[Answer], width: int, height: int) -> list[Line]:
    lines: list[Line] = []
    gap = height >= 2 * len(found)
    for one in found:
        value = one.value if len(one.value) < 20 else fit(one.value, 20)
        rest = max(width - 13 - max(len(value), 16) - 2, 0)
        lines.append(
            [
                (f" {one.label:<11} ", "faint"),
                (fit(value, max(len(value), 16)), f"{one.ink} bold"),
                ("  ", "text"),
                (fit(one.detail, rest), "muted"),
            ]
        )
        if gap:
            lines.append([])
    return lines
