"""A checkpoint as it is listed: a value that every verb, the keeper and the screen share."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Place:
    """Where a copy lies: `machine` is where the training runs, `here` the user's disk, `sink` anywhere else."""

    kind: str
    name: str


HERE = Place("here", "this disk")


@dataclass(frozen=True)
class Checkpoint:
    """`verified` is how it is known to be good: `manifest` when it was announced after its manifest was durable,
    `committed` when the keeper found it complete and wrote one. `flaw` is why it must not be used.
    """

    name: str
    path: str
    step: int | None
    bytes: int | None
    t: float | None
    verified: str | None
    kind: str | None = None
    holds: tuple[str, ...] = ()
    metrics: Mapping[str, float] = field(default_factory=dict)
    total: int | None = None
    flaw: str | None = None
    pinned: bool = False
    places: tuple[Place, ...] = (HERE,)
    copy_of: str | None = None
    """The script's own path, where this is a copy out of its reach."""
