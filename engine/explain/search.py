"""Which lines the cards explain. Pure: text and cards go in.

A card's plain text is looked for in the whole, which costs little, and only lines that have it meet its pattern.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from engine.explain.card import LINE_CAP, Card, Explained

MOST = 1000
"""Lines that one card is tried on."""


@dataclass(frozen=True)
class Finding:
    """A card's word on the first line that it fits, how many it fits, and the last of them; lines count from 1."""

    explained: Explained
    line: str
    number: int
    count: int
    last: int


def first(line: str, cards: Iterable[Card]) -> Explained | None:
    """The first card's word on this line."""
    for card in cards:
        said = card.says(line)
        if said is not None:
            return said
    return None


def search(text: str, cards: Sequence[Card]) -> list[Finding]:
    """One finding a card, in the order of their last lines; of a line the first card that fits speaks."""
    taken: dict[int, str] = {}
    found: dict[str, list[tuple[int, str, Explained]]] = {}
    for card in cards:
        for begin, line in _lines(text, card.has):
            said = card.says(line) if taken.get(begin, card.id) == card.id else None
            if said is not None:
                taken[begin] = card.id
                found.setdefault(card.id, []).append((begin, line, said))
    findings = [_finding(text, told) for told in found.values()]
    return sorted(findings, key=lambda one: one.last)


def _lines(text: str, has: str) -> Iterable[tuple[int, str]]:
    """Where lines that have this begin, and the lines."""
    at = text.find(has)
    for _ in range(MOST):
        if at < 0:
            return
        begin = max(text.rfind("\n", 0, at), text.rfind("\r", 0, at)) + 1
        ends = [end for end in (text.find("\n", at), text.find("\r", at)) if end >= 0]
        end = min(ends, default=len(text))
        # Of a very long line the part around the words is looked at.
        start = max(begin, at - LINE_CAP // 2)
        yield begin, text[start : min(end, start + LINE_CAP)]
        if end >= len(text):
            return
        at = text.find(has, end + 1)


def _finding(text: str, told: list[tuple[int, str, Explained]]) -> Finding:
    begin, line, said = told[0]
    number = text.count("\n", 0, begin) + 1
    last = number + text.count("\n", begin, told[-1][0])
    return Finding(said, line, number, len(told), last)
