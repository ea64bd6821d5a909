"""How kinds and values are spoken of, in errors and in the documentation."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.profile.faults import shown
from engine.profile.key import Key
from engine.profile.shape import Kind

_PLAIN = {
    "text": "text",
    "whole": "a whole number",
    "number": "a number",
    "flag": "true or false",
    "map": "a table",
    "table": "a table",
    "rows": "a list of tables",
}


def spoken(kind: Kind) -> str:
    """`a whole number`, `a list of text`, `a list of 2 numbers`."""
    if kind.form == "list":
        return f"a list of {_plural(kind.items[0])}"
    if kind.form == "fixed":
        return f"a list of {len(kind.items)} {_plural(kind.items[0])}"
    if kind.form == "either":
        return " or ".join(spoken(item) for item in kind.items)
    return _PLAIN[kind.form]


def bounds(key: Key) -> str:
    """`at least 1`, `between 0 and 1`, `more than 0 and at most 10`; empty where any number will do."""
    low = f"more than {_number(key.above)}" if key.above is not None else ""
    if key.least is not None:
        low = f"at least {_number(key.least)}"
    if key.most is None:
        return low
    if key.least is not None:
        return f"between {_number(key.least)} and {_number(key.most)}"
    return f"{low} and at most {_number(key.most)}".removeprefix(" and ")


def choices(key: Key) -> str:
    return " or ".join(f'"{c}"' if isinstance(c, str) else str(c) for c in key.choices)


def told(value: Any) -> str:
    """A value from a profile as an error may show it: short, harmless, never a secret."""
    if isinstance(value, str):
        return shown(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int) and value.bit_length() > 64:
        return f"a number of {value.bit_length()} bits"
    if isinstance(value, (int, float)):
        return str(value)
    if isinstance(value, Mapping):
        return "a table"
    return "a list" if isinstance(value, (list, tuple)) else "a date or time"


def _plural(kind: Kind) -> str:
    words = {"whole": "whole numbers", "number": "numbers", "text": "text", "flag": "true or false"}
    return words.get(kind.form) or spoken(kind).replace("a list of", "lists of")


def _number(value: float | None) -> str:
    if value is None:
        return ""
    return str(int(value)) if value == int(value) else repr(value)
