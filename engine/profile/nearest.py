"""The right name for a wrong one: what other tools call it, where it really lives, or what it nearly says."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from engine.profile.faults import KeyPath, dotted
from engine.profile.shape import Spec, specs

LONGEST = 64
"""Comparing is quadratic in the length."""


def close(name: str, known: Iterable[str], alike: float = 0.6) -> str | None:
    import difflib

    found = difflib.get_close_matches(name[:LONGEST], list(known), 1, alike)
    return found[0] if found else None


def nearest_key(root: type, at: KeyPath, cls: type, name: str) -> KeyPath | None:
    """For an unknown `name` in the table `cls` at `at`: the key that was probably meant."""
    here = specs(cls)
    for spec in here.values():
        if name in spec.key.also:
            return (*at, spec.name)
    everywhere = dict(_keys(root, ()))
    exact = [path for path in everywhere if path[-1] == name]
    foreign = [path for path, spec in everywhere.items() if name in spec.key.also]
    near = close(name, here)
    if near is not None and not (exact or foreign):
        return (*at, near)
    far = close(name, {str(path[-1]) for path in everywhere}, 0.75)
    found = exact or foreign or [path for path in everywhere if path[-1] == far]
    return min(found, key=len, default=None)


def advice(at: KeyPath, nearest: KeyPath) -> str:
    """In the same table the name is enough; elsewhere the whole key."""
    if nearest[:-1] == at:
        return f"did you mean {nearest[-1]}?"
    return f"did you mean {dotted(nearest)}?"


def _keys(cls: type, at: KeyPath) -> Iterator[tuple[KeyPath, Spec]]:
    """Every key; those of lists and mappings of tables last, as they are meant less often."""
    inside = []
    for spec in specs(cls).values():
        path = (*at, spec.name)
        yield path, spec
        if spec.kind.form == "table":
            yield from _keys(spec.kind.cls, path)
        elif spec.kind.items and spec.kind.items[0].cls is not None:
            inside.append((spec.kind.items[0].cls, path))
    for entry, path in inside:
        yield from _keys(entry, path)
