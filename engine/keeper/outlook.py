"""What a round of pulling would bring, asked and not fetched."""

from __future__ import annotations

from dataclasses import dataclass

from engine.keeper.bringing import bases, sought
from engine.machines.machine import Asked, Depot
from engine.profile import Profile
from engine.runs import Run
from engine.sync import landing, wanted
from engine.view import View


@dataclass(frozen=True)
class Due:
    """A checkpoint, or one of the results."""

    kind: str
    path: str
    bytes: int | None


def outlook(run: Run, profile: Profile, view: View, depot: Depot, ended: bool) -> list[Due]:
    """In the order in which they would come. A script's checkpoint that is still being written is in it, too."""
    last = view.last
    if last is None:
        return []
    sizes = {
        (attempt.number, told.manifest): told.bytes
        for attempt in view.attempts
        for told in attempt.facts.trainer.saved
    }
    found = [
        Due("checkpoint", one.path, sizes[one.attempt, one.manifest])
        for one in wanted.checkpoints(view, ended)
    ]
    cwd, pulled = last.opening.cwd, {one.path for one in view.keeper.saves.pulled}
    for base, patterns in bases(cwd, profile.checkpoints.glob):
        newest = wanted.newest(depot.listed(Asked(base, patterns)))
        if newest is not None and (path := f"{base.rstrip('/')}/{newest.name}") not in pulled:
            found.append(Due("checkpoint", path, None if newest.folder else newest.bytes))
    for base, patterns in bases(cwd, sought(profile, ended)):
        have = landing.marks(run.pulled / "files")
        for one in depot.listed(Asked(base, patterns, deep=True, have=have)):
            found.append(Due("result", f"{base.rstrip('/')}/{one.name}", one.bytes))
    return found
