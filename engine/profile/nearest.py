"""The right name for a wrong one: what other tools call it, where it really lives, or what it nearly says."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from engine.profile.faults import KeyPath, dotted
from engine.profile.shape import Kind, Spec, specs

LONGEST = 64
"""Comparing is quadratic in the length."""


def close(name: str, known: Iterable[str]) -> str | None:
    import difflib

    found = difflib.get_close_matches(name[:LONGEST], list(known), 1, 0.6)
    return found[0] if found else None


def nearest_key(root: type, at: KeyPath, cls: type, name: str) -> KeyPath | None:
    """For an unknown `name` in the table `cls` at `at`: the key that was probably meant."""
    here = specs(cls)
    for spec in here.values():
        if name in spec.key.also:
            return (*at, spec.name)
    everywhere = dict(_keys(root, ()))
    elsewhere = [path for path, spec in everywhere.items() if name == spec.name] or [
        path for path, spec in everywhere.items() if name in spec.key.also
    ]
    near = close(name, here)
    if near is not None and not elsewhere:
        return (*at, near)
    if elsewhere:
        return min(elsewhere, key=len)
    return None


def advice(at: KeyPath, nearest: KeyPath) -> str:
    """In the same table the name is enough; elsewhere the whole key."""
    if nearest[:-1] == at:
        return f"did you mean {nearest[-1]}?"
    return f"did you mean {dotted(nearest)}?"


def _keys(cls: type, at: KeyPath) -> Iterator[tuple[KeyPath, Spec]]:
    for spec in specs(cls).values():
        path = (*at, spec.name)
        yield path, spec
        kind: Kind = spec.kind
        inner = kind.cls if kind.form == "table" else kind.items[0].cls if kind.items else None
        if inner is not None:
            yield from _keys(inner, path)
