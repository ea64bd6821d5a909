"""Go on from a checkpoint: in the same run (resume) or in a new one (fork).

A resume is a request to the run's keeper; what it may start from is chosen here, in words a person uses.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Sequence
from pathlib import Path

from engine import checkpoints, control, launching, profile
from engine.checkpoints import Checkpoint
from engine.errors import NotFound, Problem, Unknown, Unusable
from engine.profile import Profile
from engine.reader import RunReader
from engine.runs import Run
from engine.view import View

OPENED_WITHIN_S = 20.0
"""A keeper that has not opened the attempt by then has met something, and says it."""


def choose(run: Run, view: View, word: str) -> Checkpoint:
    """`latest`, `best`, a name, or a path."""
    frozen = _frozen(run)
    if not checkpoints.resumable(frozen):
        fix = 'say how in [command] resume, for example ["--resume", "{path}"]'
        raise Unusable(f"the command of {run.id} cannot resume", fix)
    if os.sep in word:
        return _at(Path(word).expanduser().absolute())
    known = checkpoints.of_run(run, view, frozen)
    found = _named(known, view, word)
    if found is None:
        names = ", ".join(c.name for c in known[-4:]) or "none"
        raise NotFound(
            f"{run.id} has no checkpoint '{word}'; it has {names}", "engine checkpoints RUN"
        )
    return found


def _named(known: Sequence[Checkpoint], view: View, word: str) -> Checkpoint | None:
    if word == "latest":
        return checkpoints.newest(known)
    if word == "best":
        best = view.best()
        near = [c for c in known if best and c.step is not None and c.step >= best[1].step]
        return min(near, key=lambda c: c.step or 0) if near else checkpoints.newest(known)
    return next((c for c in reversed(known) if c.name == word), None)


def _at(path: Path) -> Checkpoint:
    if not path.exists():
        raise NotFound(f"no checkpoint at {path}", "engine checkpoints RUN lists them")
    return Checkpoint(path.name, str(path), checkpoints.step_in(path), None, None, None)


def resume(run: Run, chosen: Checkpoint) -> None:
    """Ask for a further attempt and return once it is durably open."""
    reader = RunReader(run, parts=("runner",))
    before = reader.poll().keeper
    control.request(run, "resume", resume_from=chosen.path, resume_step=chosen.step)
    deadline = time.monotonic() + OPENED_WITHIN_S
    while time.monotonic() < deadline:
        facts = reader.poll().keeper
        if len(facts.openings) > len(before.openings):
            return
        if facts.failed is not None and facts.keepers > before.keepers:
            raise Problem(f"the keeper could not go on: {facts.failed}", "mend it and resume again")
        time.sleep(0.05)
    raise Unknown(
        f"{run.id} was not opened within {OPENED_WITHIN_S:.0f} s", f"see {run.keeper_errors}"
    )


def fork(run: Run, chosen: Checkpoint, sets: Sequence[str]) -> Run:
    """A new run of the same profile, changed, that begins with this checkpoint."""
    table = json.loads(run.profile.read_bytes())
    changed = profile.from_table(table, sets)
    reader = RunReader(run, parts=("runner",))
    accepted = reader.poll().keeper.accepted
    cwd = Path(accepted.cwd) if accepted else Path.cwd()
    return launching.launch(changed, cwd, origin=launching.Origin(run.id, chosen))


def _frozen(run: Run) -> Profile:
    try:
        return profile.filled(profile.from_json(run.profile.read_bytes()), run.id)
    except OSError as error:
        raise NotFound(f"{run.profile} cannot be read: {error.strerror}") from error
