"""The part of a card's advice that a machine can carry out: keys over a profile, a command, words of a script.

These give values. Whoever has them decides; nothing here touches a file or starts a process.
"""

from __future__ import annotations

import re

from engine.explain.card import Card, Explained


def script(card: Card, text: str) -> str:
    """A script's text with what the card replaces in it; the text itself where it replaces nothing."""
    if len(card.replace) != 2:
        return text
    pattern, instead = card.replace
    return re.sub(pattern, instead, text)


def command(said: Explained, names: dict[str, str] | None = None) -> tuple[str, ...]:
    """The command, with words such as SCRIPT, which only the caller knows, filled in."""
    return tuple((names or {}).get(word, word) for word in said.run)
