"""`{run}` in a profile's texts: the one thing about a run that a frozen profile leaves open."""

from __future__ import annotations

import dataclasses
from types import MappingProxyType
from typing import Any

from engine.profile.profile import Profile

TABLES = ("command", "log", "checkpoints", "artifacts", "post")


def filled(profile: Profile, run: str) -> Profile:
    """The profile as this run means it: where it writes, and where its checkpoints and artifacts are."""
    return dataclasses.replace(
        profile, **{name: _filled(getattr(profile, name), run) for name in TABLES}
    )


def _filled(value: Any, run: str) -> Any:
    if isinstance(value, str):
        return value.replace("{run}", run)
    if isinstance(value, tuple):
        return tuple(_filled(entry, run) for entry in value)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        parts = {f.name: _filled(getattr(value, f.name), run) for f in dataclasses.fields(value)}
        return dataclasses.replace(value, **parts)
    if isinstance(value, MappingProxyType):
        return MappingProxyType({name: _filled(entry, run) for name, entry in value.items()})
    return value
