"""What trainers told of their checkpoints; of those on another machine it is all that is known here."""

from __future__ import annotations

import os
from pathlib import PurePosixPath

from engine.checkpoints.checkpoint import HERE, Checkpoint, Place
from engine.view import View

LOCAL = "local"


def host_of(view: View) -> str | None:
    """The machine that a run was accepted for, where it is another one."""
    accepted = view.keeper.accepted
    return None if accepted is None or accepted.host == LOCAL else accepted.host


def told(view: View, place: Place = HERE) -> list[Checkpoint]:
    """Each path once, in the order of telling. One that was told with its manifest was whole then."""
    found: dict[str, Checkpoint] = {}
    for attempt in view.attempts:
        for saved in attempt.facts.trainer.saved:
            # A path that is told relative begins where the trainer was started.
            path = os.path.join(attempt.opening.cwd, saved.path)
            found.pop(path, None)
            found[path] = Checkpoint(
                name=PurePosixPath(path).name,
                path=path,
                step=saved.step,
                bytes=saved.bytes,
                t=saved.t,
                verified="manifest" if saved.manifest else None,
                places=(place,),
            )
    return list(found.values())


def is_far(one: Checkpoint) -> bool:
    """Nobody can look at it from here."""
    return HERE not in one.places
