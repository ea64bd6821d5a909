"""What every part of a runner at its post works with."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Mapping

from engine.runner.folder import Folder
from engine.runner.job import Job
from engine.runner.ledger import Ledger
from engine.scalars import AttemptFold

_FREQUENT = tuple(b'{"e":"%s"' % name for name in (b"beat", b"grew", b"pulsed", b"gpus_found"))


@dataclass(frozen=True)
class Post:
    """One attempt in the care of this runner. `secrets` are the values to keep out of everything that is written."""

    folder: Folder
    job: Job
    ledger: Ledger
    fold: AttemptFold
    secrets: tuple[str, ...] | None
    """None: the job has secrets and nobody told this runner their values."""
    keys: Mapping[str, str] = field(default_factory=dict)
    """Addresses of those who are told of alarms, by the names of the secrets that hold them."""


def recall(fold: AttemptFold, path: str) -> None:
    """What earlier runners of this attempt did; their readings are of no use any more."""
    try:
        with open(path, "rb") as file:
            for line in file:
                if line.endswith(b"\n") and not line.startswith(_FREQUENT):
                    fold.feed("runner", line)
    except FileNotFoundError:
        return
