"""TOML text → tables and the place of each key; hostile text never reaches the parser.

Whoever calls sees to the size: at most `scan.BYTES`.
"""

from __future__ import annotations

import re
import sys
from typing import Any

from engine.display import display
from engine.profile.faults import Fault, KeyPath, ProfileError, Where
from engine.profile.scan import Scan, TooMuch, scan

_AT = re.compile(r" \(at (?:line (\d+), column (\d+)|end of document)\)$")


def parse(data: bytes, source: str) -> tuple[dict[str, Any], dict[KeyPath, Where]]:
    """Raises ProfileError with the line of what cannot be read."""
    text = _decoded(data, source)
    try:
        seen = scan(text)
    except TooMuch as error:
        raise _refusal(source, error.line, str(error)) from None
    table = _parsed(seen, source)
    return table, {path: Where(source, line) for path, line in seen.lines.items()}


def values(text: str) -> dict[str, Any] | None:
    """Tables from a few words of TOML, or None where it is not TOML (or too much of it)."""
    try:
        return parse(text.encode("utf-8", "replace"), "")[0]
    except ProfileError:
        return None


def _decoded(data: bytes, source: str) -> str:
    try:
        text = data.removeprefix(b"\xef\xbb\xbf").decode()
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise _refusal(source, line, "is not UTF-8", "save it as UTF-8") from None
    return text.replace("\r\n", "\n")


def _parsed(seen: Scan, source: str) -> dict[str, Any]:
    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib
    try:
        table = tomllib.loads(seen.readable)
    except tomllib.TOMLDecodeError as error:
        raise _syntax(error, source, seen) from None
    if seen.stopped is not None:
        raise _refusal(source, seen.stopped, "is not TOML")
    return table


def _syntax(error: Exception, source: str, seen: Scan) -> ProfileError:
    message = display(str(error), 200)
    place = _AT.search(message)
    line = int(place[1]) if place and place[1] else seen.readable.count("\n") + 1
    column = f" at column {place[2]}" if place and place[2] else " at the end"
    what = (message[: place.start()] if place else message) + (column if place else "")
    return _refusal(source, line, f"is not TOML: {what}")


def _refusal(source: str, line: int | None, what: str, fix: str | None = None) -> ProfileError:
    return ProfileError([Fault((), what, fix, Where(source, line))])
