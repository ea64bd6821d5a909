"""A JSON schema of profiles, for editors that complete TOML; made from the descriptions of the keys.

It says what a file may hold, so nothing is required: a profile may leave the rest to the one it extends.
"""

from __future__ import annotations

from typing import Any

from engine.profile.freeze import plain
from engine.profile.key import Key
from engine.profile.profile import Profile
from engine.profile.shape import Kind, Spec, specs

DRAFT = "http://json-schema.org/draft-07/schema#"
EXTENDS = {"type": "string", "description": "Name or path of the profile that this one changes."}
_SCALARS = {"text": "string", "whole": "integer", "number": "number", "flag": "boolean"}


def schema() -> dict[str, Any]:
    whole = _table(Profile)
    whole["properties"] = {"extends": EXTENDS, **whole["properties"]}
    return {"$schema": DRAFT, "title": "A training profile", **whole}


def _table(cls: type) -> dict[str, Any]:
    known = [spec for spec in specs(cls).values() if not spec.key.rest]
    rest = next((spec for spec in specs(cls).values() if spec.key.rest), None)
    properties = {name: _key(spec) for spec in known for name in (spec.name, *spec.key.aliases)}
    others = _kind(rest.kind, rest.key)["additionalProperties"] if rest else False
    return {"type": "object", "properties": properties, "additionalProperties": others}


def _key(spec: Spec) -> dict[str, Any]:
    out = {"description": spec.key.doc, **_kind(spec.kind, spec.key)}
    value = None if spec.required else plain(spec.default)
    return out if value in (None, [], {}) else {**out, "default": value}


def _kind(kind: Kind, key: Key) -> dict[str, Any]:
    if kind.form == "table":
        return _short(_table(kind.cls), kind.cls, key)
    if kind.form == "either":
        return {"anyOf": [_kind(item, key) for item in kind.items]}
    if kind.form == "fixed":
        items = [_kind(item, key) for item in kind.items]
        return {"type": "array", "items": items, "minItems": len(items), "maxItems": len(items)}
    if kind.form in ("list", "rows"):
        item = _kind(kind.items[0], key)
        many = {"type": "array", "items": item}
        if kind.form == "rows":
            return {"anyOf": [many, {"type": "object", "additionalProperties": item}]}
        return {"anyOf": [many, item]} if key.many else many
    if kind.form == "map":
        return _map(kind, key)
    return _scalar(kind, key)


def _short(table: dict[str, Any], cls: type, key: Key) -> dict[str, Any]:
    """A bare value may stand for one key of the table."""
    if key.short is None:
        return table
    spec = specs(cls)[key.short]
    return {"anyOf": [_kind(spec.kind, spec.key), table]}


def _map(kind: Kind, key: Key) -> dict[str, Any]:
    out: dict[str, Any] = {
        "type": "object",
        "additionalProperties": _kind(kind.items[0], _nameless(key)),
    }
    if key.names:
        out["propertyNames"] = {"enum": list(key.names)}
    elif key.pattern:
        out["propertyNames"] = {"pattern": f"^(?:{key.pattern})$"}
    return out


def _nameless(key: Key) -> Key:
    """What is said of a mapping's values, without what is said of its names."""
    return Key(key.doc, key.choices, key.least, key.most, key.above, short=key.short)


def _scalar(kind: Kind, key: Key) -> dict[str, Any]:
    out: dict[str, Any] = {"type": _SCALARS[kind.form]}
    if key.choices and kind.form != "flag":
        return {**out, "enum": list(key.choices)}
    if kind.form == "text":
        return {**out, "pattern": f"^(?:{key.pattern})$"} if key.pattern else out
    bounds = {"minimum": key.least, "maximum": key.most, "exclusiveMinimum": key.above}
    numbers = bounds if kind.form in ("whole", "number") else {}
    return {**out, **{name: value for name, value in numbers.items() if value is not None}}
