"""How one key of a profile is described: once, in the field that holds it.

Validation, defaults, the tables of `profiles/README.md` and the JSON schema are all read from these descriptions.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import MISSING, dataclass, field
from types import MappingProxyType
from typing import Any

ID = r"[a-z0-9][a-z0-9._-]{0,47}"
NAME = r"[A-Za-z0-9][A-Za-z0-9._-]{0,47}"
METRIC = r"[A-Za-z_][A-Za-z0-9_./@-]{0,127}"
VARIABLE = r"[A-Za-z_][A-Za-z0-9_]{0,127}"
NOTHING: Mapping[str, Any] = MappingProxyType({})

Check = Callable[[Any], "str | None"]
"""Looks at a value of the right type; returns what is wrong with it ("must …"), or None."""


@dataclass(frozen=True)
class Key:
    doc: str
    """One sentence: what the key means, with its unit."""
    choices: tuple[str | int, ...] = ()
    least: float | None = None
    most: float | None = None
    above: float | None = None
    """Exclusive lower bound."""
    pattern: str | None = None
    """What a text, or the names of a mapping, must match from end to end."""
    names: tuple[str, ...] = ()
    """The only names that a mapping may have."""
    many: bool = False
    """A single value stands for a list of one."""
    identity: str | None = None
    """Of a list of tables: the key by which an entry is known to `extends` and `--set`."""
    short: str | None = None
    """Of tables inside a list or mapping: the key that a bare value stands for."""
    whole: bool = False
    """A table that `extends` replaces instead of merging: its parts mean nothing alone."""
    rest: bool = False
    """Takes every name of its table that no other key has."""
    aliases: tuple[str, ...] = ()
    """Accepted in its place."""
    also: tuple[str, ...] = ()
    """What other tools call it: not accepted, but answered with this key's name."""
    hint: str | None = None
    """Added to every error of this key."""
    check: Check | None = None


def key(doc: str, default: Any = MISSING, **described: Any) -> Any:
    """A key with its default; without one the key is required."""
    if default is NOTHING:
        return field(default_factory=lambda: NOTHING, metadata={"key": Key(doc, **described)})
    return field(default=default, metadata={"key": Key(doc, **described)})


def table(kind: type) -> Any:
    """A table, present with its defaults where the profile does not write it."""
    return field(default_factory=kind, metadata={"key": Key(kind.__doc__ or "")})
