"""The cards there are. The project's come first, then the user's, then ours; one with the same id replaces it.

A file of the user's that is wrong is an error that names file, card and key; it is never half read.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path
from typing import Any

from engine.errors import Unusable
from engine.explain.card import Card
from engine.secrets import settings_folder

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

OURS = Path(__file__).parent / "cards.toml"
NEEDED = ("id", "pattern", "what", "why", "do")
LISTS = ("set", "run", "replace")
TEXTS = (*NEEDED, "has", "line", "miss", "source")
MOST_BYTES = 4 << 20
LONGEST_PATTERN = 1000


def book(folder: Path | None = None) -> tuple[Card, ...]:
    """All cards, as seen from a project's folder."""
    here = folder or Path.cwd()
    files = (here / "profiles" / "cards.toml", settings_folder() / "cards.toml", OURS)
    return _of(tuple((path, _mark(path)) for path in files))


@lru_cache(maxsize=8)
def _of(files: tuple[tuple[Path, tuple[int, int] | None], ...]) -> tuple[Card, ...]:
    """Read again when a file changed."""
    found: dict[str, Card] = {}
    for path, mark in files:
        for card in read(path) if mark is not None else ():
            found.setdefault(card.id, card)
    return tuple(found.values())


def read(path: Path) -> list[Card]:
    """The cards of one file."""
    try:
        table = tomllib.loads(path.read_bytes()[:MOST_BYTES].decode())
    except OSError as error:
        raise Unusable(
            f"cannot read {path}: {error.strerror}", "check its owner and its rights"
        ) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise Unusable(f"{path}: {error}", "every card begins with [[card]]") from None
    cards = table.get("card")
    if set(table) - {"card"} or not isinstance(cards or [], list):
        raise Unusable(
            f"{path}: only [[card]] tables may be in it", "every card begins with [[card]]"
        )
    return [_card(path, number, one) for number, one in enumerate(cards or [], 1)]


def _card(path: Path, number: int, told: Any) -> Card:
    where = f"{path}: card {number}"
    if not isinstance(told, dict):
        raise Unusable(f"{where} is no table", "every card begins with [[card]]")
    where = f"{where} ({told['id']})" if isinstance(told.get("id"), str) else where
    for key, value in told.items():
        if not _fits(key, value):
            known = ", ".join((*TEXTS, *LISTS, "hint"))
            raise Unusable(
                f"{where}: {key} is no key of a card, or of the wrong kind", f"keys are {known}"
            )
    missing = [key for key in NEEDED if not told.get(key)]
    if missing:
        raise Unusable(f"{where}: {missing[0]} is missing", f"a card needs {', '.join(NEEDED)}")
    _sound(where, told["pattern"])
    values: dict[str, Any] = {k: tuple(v) if k in LISTS else v for k, v in told.items()}
    return Card(**values)


def _sound(where: str, pattern: str) -> None:
    if len(pattern) > LONGEST_PATTERN:
        raise Unusable(
            f"{where}: pattern is longer than {LONGEST_PATTERN} characters", "shorten it"
        )
    try:
        re.compile(pattern)
    except (re.error, OverflowError, RecursionError) as error:
        raise Unusable(
            f"{where}: pattern is no regular expression: {error}", "try it in Python"
        ) from None


def _fits(key: str, value: object) -> bool:
    if key == "hint":
        return isinstance(value, bool)
    return isinstance(value, str) if key in TEXTS else key in LISTS and _texts(value)


def _texts(value: Iterable[object] | object) -> bool:
    return isinstance(value, list) and all(isinstance(one, str) for one in value)


def _mark(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_size, found.st_mtime_ns
