"""How one key of a profile is described: once, in the field that holds it.

Validation, defaults, the tables of `profiles/README.md` and the JSON schema are all read from these descriptions.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import MISSING, FrozenInstanceError, dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

if TYPE_CHECKING:
    from dataclasses import dataclass as table

__all__ = ["ID", "METRIC", "NAME", "NOTHING", "VARIABLE", "Check", "Key", "key", "section", "table"]

ID = r"[a-z0-9][a-z0-9._-]{0,47}"
NAME = r"[A-Za-z0-9][A-Za-z0-9._-]{0,47}"
METRIC = r"[A-Za-z_][A-Za-z0-9_./@-]{0,127}"
VARIABLE = r"[A-Za-z_][A-Za-z0-9_]{0,127}"
NOTHING: Mapping[str, Any] = MappingProxyType({})

T = TypeVar("T")
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


def section(kind: type) -> Any:
    """A table, present with its defaults where the profile does not write it."""
    return field(default_factory=kind, metadata={"key": Key(kind.__doc__ or "")})


if not TYPE_CHECKING:

    def table(*, frozen: bool, kw_only: bool) -> Callable[[type[T]], type[T]]:
        """A frozen dataclass that shares its methods with all others.

        `dataclass` compiles six functions for each class: for thirty tables that is most of the time to import them.
        """
        assert frozen and kw_only

        def made(cls: type[T]) -> type[T]:
            for name, method in _SHARED.items():
                setattr(cls, name, method)
            return dataclass(init=False, repr=False, eq=False)(cls)

        return made


def _init(self: Any, **given: Any) -> None:
    for known in dataclasses.fields(self):
        if known.name in given:
            value = given.pop(known.name)
        elif known.default_factory is not MISSING:
            value = known.default_factory()
        elif known.default is not MISSING:
            value = known.default
        else:
            raise TypeError(f"{type(self).__name__} needs {known.name}")
        self.__dict__[known.name] = value
    if given:
        raise TypeError(f"{type(self).__name__} has no {', '.join(given)}")


def _repr(self: Any) -> str:
    return f"{type(self).__name__}({', '.join(f'{k}={v!r}' for k, v in self.__dict__.items())})"


def _eq(self: Any, other: object) -> bool:
    return type(other) is type(self) and self.__dict__ == other.__dict__


def _hash(self: Any) -> int:
    return hash(tuple(self.__dict__.values()))


def _refuse(self: Any, name: str, value: Any = None) -> NoReturn:
    raise FrozenInstanceError(f"cannot change {name}")


_SHARED: dict[str, Any] = {
    "__init__": _init,
    "__repr__": _repr,
    "__eq__": _eq,
    "__hash__": _hash,
    "__setattr__": _refuse,
    "__delattr__": _refuse,
}
