"""One measured number, and the table of them. A bench returns these; it never asserts one."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Figure:
    """What was measured, beside the same of a peer where there is one. `target` is the promise, as a text."""

    name: str
    value: float | None
    """None: it could not be measured; the note says why."""
    unit: str
    peer: str | None = None
    peer_value: float | None = None
    ratio: float | None = None
    """Peer divided by ours: how many times cheaper we are."""
    target: str | None = None
    note: str = ""


Plain = tuple[str, float | None, str, str]
"""name, value, unit, note: a figure for who does not want to import one."""


def figure(found: Figure | Plain) -> Figure:
    """A figure from either form; the ratio is worked out where it was not given."""
    if not isinstance(found, Figure):
        name, value, unit, note = found
        return Figure(name, value, unit, note=note)
    return found


def figures(found: Iterable[Figure | Plain]) -> list[Figure]:
    return [figure(one) for one in found]
