"""The box under a log: the whole of one line, where it stands, and the card that says what it means."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from cockpit.inks import Line
from cockpit.watching.console import ConsoleLine
from cockpit.widgets.lines import folded
from engine.cli import words
from engine.display import display
from engine.explain import Explained

LABEL = 6
TEXT = 400


@dataclass(frozen=True)
class Told:
    """`text` was made harmless."""

    line: ConsoleLine
    step: int | None
    text: str
    card: Explained | None
    remedies: tuple[str, ...] = ()
    """What the digits copy."""


def explaining(told: Told, width: int, height: int) -> Sequence[Line]:
    """The card's words never give way to a long line."""
    below = [*_card(told, width), _place(told)]
    room = max(height - len(below), 1)
    above: list[Line] = [[(part, "text")] for part in folded(told.text, width)[:room]]
    return [*above, *below]


def lines_of(told: Told, width: int) -> int:
    """How many lines all of it takes."""
    return len(folded(told.text, width)) + len(_card(told, width)) + 1


def _place(told: Told) -> Line:
    line = told.line
    facts = f"attempt {line.attempt}   {words.moment(line.t)}   byte {line.end:,}"
    known = told.step is not None
    return [
        (f"step {words.count(told.step)}", "accent bold" if known else "faint"),
        (f"   {facts}", "muted"),
        ("   Enter shows it on the charts" if known else "", "faint"),
    ]


def _card(told: Told, width: int) -> list[Line]:
    card = told.card
    if card is None:
        return []
    lines: list[Line] = []
    for label, text, ink in (
        ("what", card.what, "title"),
        ("why", card.why, "muted"),
        ("do", card.do, "text"),
    ):
        for at, part in enumerate(folded(display(text, TEXT), max(width - LABEL, 1))):
            lines.append([(f"{label if not at else '':<{LABEL}}", "faint"), (part, ink)])
    for digit, text in enumerate(told.remedies, 1):
        for at, part in enumerate(folded(display(text, TEXT), max(width - LABEL, 1))):
            sign = (f"[{digit}]", "key") if not at else ("   ", "text")
            lines.append([sign, ("   ", "text"), (part, "accent")])
    return lines
