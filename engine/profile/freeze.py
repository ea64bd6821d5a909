"""A table as plain values and back to bytes: what a frozen profile and its digest are made of.

A key without a value is left out, and so is an empty list or mapping where empty is the default; so a key added
later, absent by default, does not change the digest of a profile that does not use it.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from typing import Any

from engine.profile.shape import specs


def canonical(table: Any) -> bytes:
    text = json.dumps(
        plain(table), sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
    )
    return text.encode()


def plain(value: Any) -> Any:
    """The value in what JSON has: dict, list, text, numbers, true and false."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return _table(value)
    if isinstance(value, Mapping):
        return {name: plain(entry) for name, entry in value.items()}
    if isinstance(value, tuple):
        return [plain(entry) for entry in value]
    return value


def _table(table: Any) -> dict[str, Any]:
    out: dict[str, Any] = {}
    cls: type = type(table)
    for spec in specs(cls).values():
        value = getattr(table, spec.name)
        if spec.key.rest:
            out.update(plain(value))
        elif value is not None and not _nothing(value, spec.default):
            out[spec.name] = plain(value)
    return {name: value for name, value in out.items() if value != {}}


def _nothing(value: Any, default: Any) -> bool:
    return value in ((), {}) and value == default
