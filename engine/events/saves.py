"""Facts about a run's checkpoints, written by its keeper: committed, set aside, protected, pinned, pushed, pulled."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from engine.events.base import Event, Table


@dataclass(frozen=True)
class Committed(Event):
    """A script's own checkpoint was complete and still, and the manifest of it is durable in the run's folder."""

    name: ClassVar[str] = "committed"
    attempt: int
    path: str
    manifest: str
    """SHA-256 of the manifest file."""
    kind: str
    holds: tuple[str, ...]
    """What is inside: weights, adapter, optimizer, scheduler, rng, data, scaler."""
    step: int | None = None
    bytes: int | None = None
    metrics: Table | None = None


@dataclass(frozen=True)
class SetAside(Event):
    """A checkpoint must not be used, and why. Nothing was deleted."""

    name: ClassVar[str] = "set_aside"
    path: str
    reason: str
    step: int | None = None


@dataclass(frozen=True)
class Protected(Event):
    """A checkpoint was brought out of the reach of a script that is about to go on from it."""

    name: ClassVar[str] = "protected"
    attempt: int
    path: str
    copy: str | None
    """Where it lies; null when there was no way, which `how` then says."""
    how: str
    """reflink, copy or link; else the reason."""
    step: int | None = None


@dataclass(frozen=True)
class Restored(Event):
    """What a script did to a checkpoint was undone from its protected copy."""

    name: ClassVar[str] = "restored"
    path: str
    reason: str


@dataclass(frozen=True)
class Certified(Event):
    """The resume certificate of an attempt: whether what comes next is what would have come."""

    name: ClassVar[str] = "certified"
    attempt: int
    verdict: str
    """`bit-exact`, `exact but for` or `unknown`."""
    changed: tuple[str, ...]


@dataclass(frozen=True)
class Pinned(Event):
    """Somebody wants a checkpoint kept whatever the rules say, or no longer."""

    name: ClassVar[str] = "pinned"
    id: str
    path: str
    pinned: bool
    by: str


@dataclass(frozen=True)
class Pruned(Event):
    """Checkpoints were deleted by the profile's `[checkpoints] keep`."""

    name: ClassVar[str] = "pruned"
    id: str
    paths: tuple[str, ...]
    bytes: int | None
    by: str


@dataclass(frozen=True)
class Pushed(Event):
    """A checkpoint was copied to a sink and every byte of the copy verified."""

    name: ClassVar[str] = "pushed"
    id: str
    path: str
    to: str
    bytes: int
    by: str


@dataclass(frozen=True)
class Pulled(Event):
    """A machine's checkpoint or results came here, and every byte of the copy was compared before this was written."""

    name: ClassVar[str] = "pulled"
    attempt: int
    path: str
    """Where it lies on the machine."""
    copy: str
    digest: str
    """SHA-256 of its manifest, or of the list of its files where it has none."""
    files: int
    bytes: int
    step: int | None = None
    """Of a checkpoint; null for results."""
    seconds: float | None = None
    way: str | None = None
    """rsync or ssh."""


@dataclass(frozen=True)
class PullSettled(Event):
    """All that was wanted is here, or why it is not."""

    name: ClassVar[str] = "pull_settled"
    ids: tuple[str, ...]
    """The requests that it answers."""
    files: int
    bytes: int
    reason: str | None = None


KINDS = (
    Committed,
    SetAside,
    Protected,
    Restored,
    Certified,
    Pinned,
    Pruned,
    Pushed,
    Pulled,
    PullSettled,
)
