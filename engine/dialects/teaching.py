"""From a line and the numbers that somebody names in it to a pattern that reads every line like it.

What stands between the numbers is kept as it is, but for runs of spaces and for numbers that have no name. The pattern
begins at the word before the first named number and ends behind the last one, so that dates and levels in front of it
may be anything.
"""

from __future__ import annotations

import re
from typing import Iterable, Mapping, NamedTuple

from engine.dialects.lens import Lens
from engine.dialects.reader import Reader
from engine.dialects.reading import STEPS, canonical
from engine.dialects.taught import REACH

_NUMBER = re.compile(
    r"(?<![\w.])[-+]?(?:(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][-+]?\d+)?|(?:nan|inf)\b)", re.IGNORECASE
)
_ANY = r"[-+]?(?:\d{0,18}\.?\d{1,18}(?:[eE][-+]?\d{1,3})?|nan|inf)"
"""Takes no letter or sign that stands between two numbers: five that could would try every way to share a line."""
_NAME = re.compile(r"[A-Za-z_]\w{0,63}")
_WORD = re.compile(r"([A-Za-z_][\w/.-]*)\W*$")


class Number(NamedTuple):
    """A number of a line, and the name that the word before it suggests."""

    start: int
    end: int
    text: str
    suggested: str | None


class Refused(ValueError):
    """What was asked cannot be taught; the message says why."""


def numbers(line: str) -> list[Number]:
    """Every number of a line, from the left."""
    found: list[Number] = []
    for one in _NUMBER.finditer(line[:REACH]):
        before = _WORD.search(line[found[-1].end if found else 0 : one.start()])
        name = before.group(1).lower() if before is not None else None
        found.append(Number(one.start(), one.end(), one.group(), _suggestion(name)))
    return found


def named(words: Iterable[str]) -> dict[int, str]:
    """`loss=2` and the like: the second number is the loss."""
    found = {}
    for word in words:
        name, _, place = word.partition("=")
        if not place.isascii() or not place.isdigit() or len(place) > 4:
            raise Refused(f"'{word}' names no number; NAME=K does, such as loss=2")
        found[int(place)] = name
    return found


def suggested(told: Iterable[Number]) -> dict[int, str]:
    """By the words before them, each name once."""
    found: dict[int, str] = {}
    for at, one in enumerate(told, 1):
        if one.suggested is not None and one.suggested not in found.values():
            found[at] = one.suggested
    return found


def _suggestion(word: str | None) -> str | None:
    if word is None:
        return None
    if word in STEPS:
        return "step"
    name = re.sub(r"\W", "_", canonical(word))
    return name if _NAME.fullmatch(name) else None


def pattern(line: str, names: Mapping[int, str]) -> str:
    """A regular expression with a named group for each number named; numbers count from 1."""
    told = numbers(line)
    _check(told, names)
    first, last = min(names), max(names)
    start = _beginning(line, told[first - 1].start, told[first - 2].end if first > 1 else 0)
    parts = []
    for at in range(first, last + 1):
        one = told[at - 1]
        parts.append(_literal(line[start : one.start]))
        parts.append(f"(?P<{names[at]}>{_ANY})" if at in names else _ANY)
        start = one.end
    return "".join(parts)


def _check(told: list[Number], names: Mapping[int, str]) -> None:
    if not names:
        raise Refused("no number was named")
    for at, name in names.items():
        if not 1 <= at <= len(told):
            raise Refused(f"the line has {len(told)} numbers, there is no number {at}")
        if not _NAME.fullmatch(name):
            raise Refused(f"'{name}' is no name: letters, digits and _ are")
    if len(set(names.values())) < len(names):
        raise Refused("two numbers have one name")


def _beginning(line: str, start: int, least: int) -> int:
    """Where the word before the first named number begins."""
    found = _WORD.search(line[least:start])
    return least + found.start() if found is not None else start


def _literal(text: str) -> str:
    return re.sub(r"(?:\\?\s)+", r"\\s+", re.escape(text))


class Preview(NamedTuple):
    """What a pattern reads in a console: how many lines, and a few of them with what they tell."""

    lines: int
    rows: int
    examples: tuple[tuple[str, Mapping[str, float]], ...]


def preview(taught: str, console: Iterable[bytes], most: int = 5) -> Preview:
    """The pattern tried on a whole console."""
    reader = Reader(Lens(lines=(taught,)))
    lines = rows = 0
    examples: list[tuple[str, Mapping[str, float]]] = []
    for line in console:
        lines += 1
        found = reader.feed(line + b"\n")
        rows += len(found)
        if found and len(examples) < most:
            row = found[0][0]
            values = (
                dict(row.values) if row.step is None else {"step": float(row.step), **row.values}
            )
            examples.append((line.decode("utf-8", "replace"), values))
    return Preview(lines, rows, tuple(examples))
