"""What the fields of a table say, as values: name, kind, default, description. Read once, used by everyone."""

from __future__ import annotations

import dataclasses
import types
import typing
from collections.abc import Mapping
from dataclasses import MISSING, dataclass
from functools import cache
from typing import Any

from engine.profile.key import Key

SCALARS = {str: "text", int: "whole", float: "number", bool: "flag"}


@dataclass(frozen=True)
class Kind:
    """A type in the profile's own words."""

    form: str
    """text, whole, number, flag, list, fixed, map, table, rows, or either (one of `items`)."""
    items: tuple[Kind, ...] = ()
    """What it is made of: of a list, map or rows the one kind of its entries."""
    cls: Any = None
    """Of a table: its dataclass."""


@dataclass(frozen=True)
class Spec:
    """One key."""

    name: str
    kind: Kind
    key: Key
    required: bool
    default: Any


@cache
def specs(cls: type) -> Mapping[str, Spec]:
    """The keys of a table, in the order in which they are written down."""
    hints = typing.get_type_hints(cls)
    return {f.name: _spec(f, hints[f.name]) for f in dataclasses.fields(cls)}


def kind_of(hint: Any) -> Kind:
    if hint in SCALARS:
        return Kind(SCALARS[hint])
    if dataclasses.is_dataclass(hint):
        return Kind("table", cls=hint)
    origin, args = typing.get_origin(hint), typing.get_args(hint)
    if origin in (types.UnionType, typing.Union):
        options = tuple(kind_of(arg) for arg in args if arg is not type(None))
        return options[0] if len(options) == 1 else Kind("either", options)
    if origin is tuple:
        return _sequence(args)
    if typing.cast(Any, origin) in (Mapping, dict):
        return Kind("map", (kind_of(args[1]),))
    raise TypeError(f"a profile has no kind for {hint!r}")


def _sequence(args: tuple[Any, ...]) -> Kind:
    if args[-1] is not Ellipsis:
        return Kind("fixed", tuple(kind_of(arg) for arg in args))
    item = kind_of(args[0])
    return Kind("rows" if item.form == "table" else "list", (item,))


def _spec(field: dataclasses.Field[Any], hint: Any) -> Spec:
    default = field.default
    if field.default_factory is not MISSING:
        default = field.default_factory()
    return Spec(field.name, kind_of(hint), field.metadata["key"], default is MISSING, default)
