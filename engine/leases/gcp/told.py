"""Reading what Google tells, field by field: what is absent, or of another kind than it should be, is None or empty."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

Told = Mapping[str, Any]


def table(told: Told, key: str) -> Told:
    value = told.get(key)
    return value if isinstance(value, Mapping) else {}


def tables(told: Told, key: str) -> list[Told]:
    value = told.get(key)
    found = value if isinstance(value, list) else []
    return [one for one in found if isinstance(one, Mapping)]


def text(told: Told, key: str) -> str | None:
    value = told.get(key)
    return value if isinstance(value, str) and value else None


def seconds(told: Told, key: str) -> int | None:
    """Of a `Duration`; its nanoseconds are no matter here."""
    value = str(table(told, key).get("seconds", ""))
    return int(value) if value.isdigit() else None


def when(told: object) -> float | None:
    """Unix seconds of a time in RFC 3339."""
    if not isinstance(told, str):
        return None
    try:
        found = datetime.fromisoformat(told.replace("Z", "+00:00"))
    except ValueError:
        return None
    return found.timestamp() if found.tzinfo is not None else None
