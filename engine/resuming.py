"""Go on from a checkpoint: in the same run (resume) or in a new one (fork).

A resume is a request to the run's keeper; what it may start from is chosen here, in words a person uses.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from engine import checkpoints, control, journal, launching, profile
from engine.checkpoints import Checkpoint, afar, choosing
from engine.checkpoints.choosing import Choice
from engine.errors import NotFound, Problem, Unknown, Unusable
from engine.profile import Profile
from engine.reader import RunReader
from engine.runs import PRIVATE_DIR, Run
from engine.shelf import look, manifest, patching
from engine.view import View

OPENED_WITHIN_S = 60.0
"""A keeper that has not opened the attempt by then has met something, and says it. Copies take their time."""


@dataclass(frozen=True)
class Chosen:
    """What to go on from. `passed` says which newer ones are broken, and how."""

    checkpoint: Checkpoint
    passed: tuple[str, ...] = ()


def choose(run: Run, view: View, word: str) -> Chosen:
    """`latest`, `best`, a name, a step or a path; read to the last byte before it is offered."""
    frozen = frozen_profile(run)
    if not checkpoints.resumable(frozen):
        fix = 'say how in [command] resume, for example ["--resume", "{path}"]'
        raise Unusable(f"the command of {run.id} cannot resume", fix)
    if choosing.is_path(word) and afar.host_of(view) is None:
        return _whole(run, view, _at(Path(word).expanduser().absolute()))
    known = checkpoints.of_run(run, view, frozen)
    if word in choosing.OFFERED:
        return _best_or_latest(run, view, known, word)
    return _whole(run, view, pick(run, view, word, known))


def pick(run: Run, view: View, word: str, known: Sequence[Checkpoint]) -> Checkpoint:
    """The one that a word means among those of a run; only `latest` and `best` are sure to be whole."""
    if word in choosing.OFFERED:
        return _best_or_latest(run, view, known, word).checkpoint
    found = choosing.named(known, word)
    if found is None:
        raise _unknown(run, known, word)
    return found


def _best_or_latest(run: Run, view: View, known: Sequence[Checkpoint], word: str) -> Chosen:
    if word == "latest":
        return _offered(run, choosing.latest(run, known, view), known, word)
    return _offered(run, choosing.best(run, known, view, frozen_profile(run)), known, word)


def _offered(run: Run, choice: Choice, known: Sequence[Checkpoint], word: str) -> Chosen:
    passed = tuple(f"{one.checkpoint.name} is passed over: {one.reason}" for one in choice.passed)
    if choice.chosen is None:
        if not passed:
            raise _unknown(run, known, word)
        raise Unusable(
            f"no checkpoint of {run.id} is whole: {passed[0]}", "engine checkpoints RUN verify"
        )
    return Chosen(choice.chosen, passed)


def _unknown(run: Run, known: Sequence[Checkpoint], word: str) -> NotFound:
    names = ", ".join(c.name for c in known[-4:]) or "none"
    return NotFound(
        f"{run.id} has no checkpoint '{word}'; it has {names}", "engine checkpoints RUN"
    )


def _whole(run: Run, view: View, one: Checkpoint) -> Chosen:
    reason = choosing.broken(run, one, view)
    if reason is not None:
        raise Unusable(
            f"{one.name} cannot be used: {reason}", "engine checkpoints RUN shows the others"
        )
    return Chosen(one)


def _at(path: Path) -> Checkpoint:
    if not path.exists():
        raise NotFound(f"no checkpoint at {path}", "engine checkpoints RUN lists them")
    seen = look(path)
    step = checkpoints.step_in(path) if seen.step is None else seen.step
    bare = Checkpoint(path.name, str(path), step, manifest.size(path), None, None)
    return dataclasses.replace(bare, kind=seen.kind, holds=seen.holds, flaw=seen.flaw)


def keep_patch(run: Run, diff: Path) -> str:
    """A reviewed diff into the run's folder; its name there."""
    try:
        raw = diff.read_bytes()
        patching.parse(raw.decode())
    except (OSError, UnicodeDecodeError) as error:
        raise Unusable(f"the patch {diff} cannot be read: {error}") from None
    name = f"{diff.stem[:40]}-{hashlib.sha256(raw).hexdigest()[:8]}.diff"
    run.patches.mkdir(mode=PRIVATE_DIR, exist_ok=True)
    journal.replace(run.patches / name, raw)
    return name


def resume(run: Run, chosen: Checkpoint, patch: str | None = None) -> None:
    """Ask for a further attempt and return once it is durably open. `patch` is a name that `keep_patch` gave."""
    reader = RunReader(run, parts=("runner",))
    before = reader.poll().keeper
    control.request(run, "resume", resume_from=chosen.path, resume_step=chosen.step, patch=patch)
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


def frozen_profile(run: Run) -> Profile:
    try:
        return profile.filled(profile.from_json(run.profile.read_bytes()), run.id)
    except OSError as error:
        raise NotFound(f"{run.profile} cannot be read: {error.strerror}") from error
