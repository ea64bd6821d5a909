"""One file's tables with the place of each key, and how one file lies over another.

`[[phase]]` and every other list of tables becomes a mapping by the entries' names here: so `extends` can change one
phase of another file, `--set phase.A.rows=50` can name it, and an entry's place never shifts. Tables merge key by
key; a list, a value and a table that is `whole` (such as `mix`) replace what lies below; an empty list empties.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from engine.profile.faults import Faults, KeyPath, Where
from engine.profile.shape import Spec, specs


@dataclass(frozen=True)
class Layer:
    table: Mapping[str, Any]
    origins: Mapping[KeyPath, Where] = field(default_factory=dict)


def layer(
    cls: type, raw: Mapping[str, Any], origins: Mapping[KeyPath, Where], faults: Faults
) -> Layer:
    """The tables of one file as its parser gave them, made ready to be merged and checked."""
    named = _Naming(origins, faults)
    table = named.table(cls, raw, (), ())
    return Layer(table, {named.renamed(path): where for path, where in origins.items()})


def merge(cls: type, below: Layer, above: Layer) -> Layer:
    return Layer(_merged(cls, below.table, above.table), {**below.origins, **above.origins})


def _merged(cls: type | None, below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    known = specs(cls) if cls else {}
    out = dict(below)
    for name, value in above.items():
        spec = known.get(name)
        old = out.get(name)
        both = isinstance(old, Mapping) and isinstance(value, Mapping)
        if both and not (spec and spec.key.whole):
            out[name] = _joined(spec, old, value)
        else:
            out[name] = value
    return out


def _joined(spec: Spec | None, old: Any, new: Mapping[str, Any]) -> dict[str, Any]:
    if spec is None or spec.kind.form == "table":
        return _merged(spec.kind.cls if spec else None, old, new)
    entry = spec.kind.items[0].cls if spec.kind.items else None
    out = dict(old)
    for name, value in new.items():
        both = isinstance(out.get(name), Mapping) and isinstance(value, Mapping)
        out[name] = _merged(entry, out[name], value) if both else value
    return out


class _Naming:
    """Walks the tables as written, turning lists of tables into mappings and aliases into names."""

    def __init__(self, origins: Mapping[KeyPath, Where], faults: Faults) -> None:
        self.origins, self.faults = origins, faults
        self.names: dict[KeyPath, KeyPath] = {}
        """Paths as written → as they are called here."""

    def renamed(self, path: KeyPath) -> KeyPath:
        for end in range(len(path), 0, -1):
            if path[:end] in self.names:
                return self.names[path[:end]] + path[end:]
        return path

    def table(
        self, cls: type, raw: Mapping[str, Any], written: KeyPath, called: KeyPath
    ) -> dict[str, Any]:
        known = specs(cls)
        aliases = {alias: spec.name for spec in known.values() for alias in spec.key.aliases}
        out: dict[str, Any] = {}
        for name, value in raw.items():
            right = aliases.get(name, name)
            if right != name:
                self.names[(*written, name)] = (*called, right)
                if right in raw:
                    self.faults.add((*called, right), f"is also written as {name}", "keep one")
            spec = known.get(right)
            out[right] = self.value(spec, value, (*written, name), (*called, right))
        return out

    def value(self, spec: Spec | None, value: Any, written: KeyPath, called: KeyPath) -> Any:
        if spec is None:
            return value
        if spec.kind.form == "table" and isinstance(value, Mapping):
            return self.table(spec.kind.cls, value, written, called)
        if spec.kind.form == "rows" and isinstance(value, list) and value:
            return self.rows(spec, value, written, called)
        return value

    def rows(self, spec: Spec, value: list[Any], written: KeyPath, called: KeyPath) -> Any:
        """A list of tables by name; an entry that cannot be named is reported and left out."""
        identity, out = str(spec.key.identity), dict[str, Any]()
        for number, entry in enumerate(value):
            at: KeyPath = (*written, number)
            name = entry.get(identity) if isinstance(entry, Mapping) else None
            where = self.origins.get(at, self.origins.get(written))
            if not isinstance(name, str):
                needs = f'must be a table with {identity} = "…"'
                self.faults.add((*called, number), needs, None, where)
            elif name in out:
                self.faults.add(
                    (*called, number), f"has the {identity} of an earlier one", None, where
                )
            else:
                self.names[at] = (*called, name)
                out[name] = {k: v for k, v in entry.items() if k != identity}
        return out
