"""What a line of a log means, in words, and what helps: the first card whose pattern is found in it.

Cards are data: cards.toml here, and the user's own beside hosts.toml, which come first.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from engine.profile.faults import ProfileError
from engine.profile.toml import parse

OURS = Path(__file__).with_name("cards.toml")
MOST = 9
"""Fixes of a card: there are nine digits."""
LONGEST = 4000
"""Characters of a line that are looked at; patterns of others may be slow."""
_COMMAND = re.compile(r"`([^`]+)`")


@dataclass(frozen=True)
class Card:
    """`do` are sentences, some of them with a command in it."""

    pattern: re.Pattern[str]
    what: str
    why: str
    do: tuple[str, ...]

    def command(self, digit: int, run: str) -> str | None:
        """What this digit copies; None where a person has to do it."""
        if not 1 <= digit <= len(self.do):
            return None
        found = _COMMAND.search(self.do[digit - 1])
        return found[1].replace("RUN", run) if found else None


def explained(line: str) -> Card | None:
    """The card of this line."""
    text = line[:LONGEST]
    return next((card for card in cards() if card.pattern.search(text)), None)


@lru_cache(maxsize=1)
def cards() -> tuple[Card, ...]:
    """The user's own first."""
    home = os.environ.get("COCKPIT_HOME")
    own = Path(home).expanduser() if home else _settings()
    return (*_read(own / "cards.toml"), *_read(OURS))


def _settings() -> Path:
    base = os.environ.get("XDG_CONFIG_HOME") or str(Path.home() / ".config")
    return Path(base) / "training-cockpit"


def _read(path: Path) -> Iterator[Card]:
    """Those that can be read; a card that is none is left out rather than harming a screen."""
    try:
        table, _ = parse(path.read_bytes(), str(path))
    except (OSError, ProfileError):
        return
    rows = table.get("card")
    rows = rows.values() if isinstance(rows, dict) else rows
    for row in rows or ():
        card = _card(row) if isinstance(row, dict) else None
        if card is not None:
            yield card


def _card(row: Mapping[str, Any]) -> Card | None:
    try:
        pattern = re.compile(str(row["pattern"]), re.IGNORECASE)
    except (KeyError, re.error):
        return None
    do = row.get("do", [])
    told = tuple(str(one) for one in do[:MOST]) if isinstance(do, list) else ()
    return Card(pattern, str(row.get("what", "")), str(row.get("why", "")), told)
