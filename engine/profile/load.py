"""The three ways to a Profile: a file, a table, the frozen JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NoReturn, cast

from engine.profile.check import Checker
from engine.profile.faults import Fault, Faults, ProfileError, Where
from engine.profile.files import read
from engine.profile.layer import Layer, layer
from engine.profile.profile import Profile
from engine.profile.rules import contradictions
from engine.profile.sets import lay

FROZEN_BYTES = 1024 * 1024


def load(source: str | Path, sets: Sequence[str] = (), search: Sequence[Path] = ()) -> Profile:
    """A profile by name ("demo", looked up in `search`, else in `profiles/`) or by path.

    Raises ProfileError with every fault found.
    """
    faults = Faults()
    below, file = read(Profile, source, search, faults)
    return _resolved(lay(Profile, below, sets, faults), faults, file)


def from_table(table: Mapping[str, Any], sets: Sequence[str] = ()) -> Profile:
    """A profile from values as TOML would give them."""
    faults = Faults()
    below = layer(Profile, table, {}, faults)
    return _resolved(lay(Profile, below, sets, faults), faults, "profile")


def from_json(data: bytes) -> Profile:
    """The Profile whose `canonical()` this is. Keys written by a newer version are left out."""
    source = "profile.json"
    try:
        table = json.loads(data, parse_constant=_infinite) if len(data) <= FROZEN_BYTES else None
    except (ValueError, RecursionError):
        table = None
    if not isinstance(table, dict):
        raise ProfileError([Fault((), "is not a frozen profile", None, Where(source))])
    faults = Faults()
    return _resolved(layer(Profile, table, {}, faults), faults, source, lenient=True)


def _resolved(tables: Layer, faults: Faults, source: str, lenient: bool = False) -> Profile:
    profile = cast(Profile, Checker(Profile, faults, lenient).table(Profile, tables.table, ()))
    for fault in contradictions(profile):
        if not faults.covers(fault.key):
            faults.add(fault.key, fault.what, fault.fix)
    faults.end(tables.origins, Where(source))
    return profile


def _infinite(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON")
