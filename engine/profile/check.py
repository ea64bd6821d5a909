"""Plain tables → dataclasses: every value judged by the description of its key, every fault collected.

Lists of tables come as mappings by name (see `layer`), so that a fault's path says which entry is meant.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from engine.profile.faults import Faults, KeyPath
from engine.profile.key import Key
from engine.profile.nearest import advice, close, nearest_key
from engine.profile.shape import Kind, Spec, specs
from engine.profile.values import Wrong, mistyped, scalar
from engine.profile.words import choices, told

_WRONG = object()
"""In place of a value that has been reported."""


class Checker:
    """Builds the tables of one profile. A lenient one leaves out unknown keys: a newer version wrote them."""

    def __init__(self, root: type, faults: Faults, lenient: bool = False) -> None:
        self.root, self.faults, self.lenient = root, faults, lenient
        self.makers: dict[str, Callable[[Kind, Key, Any, KeyPath], Any]] = {
            "list": self._list,
            "fixed": self._fixed,
            "map": self._map,
            "table": self._inner,
            "rows": self._rows,
            "either": self._either,
        }

    def table(self, cls: type, raw: Mapping[str, Any], at: KeyPath) -> Any:
        """An instance with defaults in place of what is wrong; it counts only if no fault was found."""
        known = {spec.name: spec for spec in specs(cls).values() if not spec.key.rest}
        rest = next((spec for spec in specs(cls).values() if spec.key.rest), None)
        others = {name: value for name, value in raw.items() if name not in known}
        values = {name: self._key(spec, raw, (*at, name)) for name, spec in known.items()}
        if rest is not None:
            values[rest.name] = self._checked(rest.kind, rest.key, others, at)
        else:
            for name in others:
                self._unknown(cls, name, at)
        return cls(**{name: value for name, value in values.items() if value is not _WRONG})

    def _key(self, spec: Spec, raw: Mapping[str, Any], path: KeyPath) -> Any:
        if spec.name in raw:
            made = self._checked(spec.kind, spec.key, raw[spec.name], path)
            return "" if made is _WRONG and spec.required else made
        if spec.required:
            fix = f"set it to {choices(spec.key)}" if spec.key.choices else None
            self.faults.add(path, "is missing", fix)
            return ""
        return _WRONG

    def _unknown(self, cls: type, name: str, at: KeyPath) -> None:
        if self.lenient:
            return
        near = None if self.faults.full else nearest_key(self.root, at, cls, name)
        self.faults.add((*at, name), "unknown key", advice(at, near) if near else None)
        if near:
            self.faults.keys.add(near)

    def _checked(self, kind: Kind, key: Key, value: Any, path: KeyPath) -> Any:
        """The value, looked at as a whole by the key's own check."""
        made = self._made(kind, key, value, path)
        if made is _WRONG or key.check is None or kind.form == "map":
            return made
        wrong = key.check(made)
        return made if wrong is None else self._wrong(path, wrong, key.hint)

    def _made(self, kind: Kind, key: Key, value: Any, path: KeyPath) -> Any:
        if kind.form in self.makers:
            return self.makers[kind.form](kind, key, value, path)
        try:
            return scalar(kind, key, value)
        except Wrong as wrong:
            return self._wrong(path, wrong.what, wrong.fix or self._choice(key, value))

    def _choice(self, key: Key, value: Any) -> str | None:
        if not key.choices or not isinstance(value, str) or self.faults.full:
            return None
        near = close(value, map(str, key.choices))
        return f"did you mean {near}?" if near else None

    def _wrong(self, path: KeyPath, what: str, fix: str | None) -> Any:
        self.faults.add(path, what, fix)
        return _WRONG

    def _mistyped(self, kind: Kind, key: Key, value: Any, path: KeyPath) -> Any:
        wrong = mistyped(kind, key, value)
        return self._wrong(path, wrong.what, wrong.fix)

    def _list(self, kind: Kind, key: Key, value: Any, path: KeyPath) -> Any:
        if key.many and not isinstance(value, (list, tuple, Mapping)):
            return self._items(kind.items, key, [value], path)
        if not isinstance(value, (list, tuple)):
            return self._mistyped(kind, key, value, path)
        return self._items(kind.items * len(value), key, value, path)

    def _fixed(self, kind: Kind, key: Key, value: Any, path: KeyPath) -> Any:
        if not isinstance(value, (list, tuple)) or len(value) != len(kind.items):
            return self._mistyped(kind, key, value, path)
        return self._items(kind.items, key, value, path)

    def _items(self, kinds: tuple[Kind, ...], key: Key, values: Any, path: KeyPath) -> Any:
        numbered = enumerate(zip(kinds, values, strict=True))
        made = [self._made(kind, key, value, (*path, n)) for n, (kind, value) in numbered]
        return _WRONG if any(item is _WRONG for item in made) else tuple(made)

    def _map(self, kind: Kind, key: Key, value: Any, path: KeyPath) -> Any:
        if not isinstance(value, Mapping):
            return self._mistyped(kind, key, value, path)
        inner = replace(key, pattern=None, names=())
        made = {
            name: self._checked(kind.items[0], inner, entry, (*path, name))
            for name, entry in value.items()
            if self._named(key, name, path)
        }
        return MappingProxyType({k: entry for k, entry in made.items() if entry is not _WRONG})

    def _named(self, key: Key, name: str, path: KeyPath) -> bool:
        if key.names and name not in key.names:
            near = None if self.faults.full else close(name, key.names)
            fix = f"did you mean {near}?" if near else f"one of {', '.join(key.names)}"
            self.faults.add((*path, name), "unknown name", fix)
            return False
        if not name.isprintable() or (key.pattern and not re.fullmatch(key.pattern, name)):
            asked = f"must match {key.pattern}" if key.pattern else "must be printable"
            self.faults.add((*path, name), f"the name {asked}")
            return False
        return True

    def _inner(self, kind: Kind, key: Key, value: Any, path: KeyPath) -> Any:
        if key.short and not isinstance(value, Mapping):
            value = {key.short: value}
        if not isinstance(value, Mapping):
            return self._mistyped(kind, key, value, path)
        return self.table(kind.cls, value, path)

    def _rows(self, kind: Kind, key: Key, value: Any, path: KeyPath) -> Any:
        if value == []:
            return ()
        if not isinstance(value, Mapping):
            return self._mistyped(kind, key, value, path)
        made = []
        for name, entry in value.items():
            if key.short and not isinstance(entry, Mapping):
                entry = {key.short: entry}
            if isinstance(entry, Mapping):
                made.append(
                    self.table(kind.items[0].cls, {**entry, str(key.identity): name}, (*path, name))
                )
            else:
                self.faults.add((*path, name), f"must be a table, not {told(entry)}")
        return tuple(made)

    def _either(self, kind: Kind, key: Key, value: Any, path: KeyPath) -> Any:
        option = next((item for item in kind.items if _fits(item, key, value)), None)
        if option is None:
            return self._mistyped(kind, key, value, path)
        return self._made(option, key, value, path)


def _fits(kind: Kind, key: Key, value: Any) -> bool:
    if isinstance(value, bool):
        return kind.form == "flag"
    if isinstance(value, str):
        return kind.form == "text" or (kind.form == "list" and key.many)
    if isinstance(value, (int, float)):
        return kind.form == "number"
    return kind.form == "list" and isinstance(value, (list, tuple))
