"""A checkpoint as it is listed: a value that every verb, the keeper and the screen share."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import PurePosixPath

from engine.shelf.finding import Found


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


def seen(one: Checkpoint, found: Found) -> Checkpoint:
    """With what its files say of themselves."""
    return replace(
        one,
        step=one.step if found.step is None else found.step,
        bytes=found.bytes,
        kind=found.kind,
        holds=found.holds,
        metrics=found.metrics,
        total=found.total,
        flaw=found.flaw,
    )


def bare(found: Found, place: Place) -> Checkpoint:
    """One that nobody told of."""
    name = PurePosixPath(found.path).name
    one = Checkpoint(name, found.path, found.step, found.bytes, found.t, None, places=(place,))
    return seen(one, found)
