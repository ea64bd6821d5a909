"""`dataclasses.replace` at a fifth of its price, for the folds that change a field or two of many at every fact."""

from __future__ import annotations

from typing import Any, TypeVar

Facts = TypeVar("Facts")


def changed(facts: Facts, **changes: Any) -> Facts:
    """The same frozen value but for these fields. It does not pass through `__init__`, which nothing here needs."""
    known = facts.__dict__
    if not known.keys() >= changes.keys():
        raise TypeError(f"{type(facts).__name__} has no {sorted(changes.keys() - known.keys())}")
    twin = object.__new__(type(facts))
    twin.__dict__.update(known, **changes)
    return twin
