"""Before and after a resumed attempt: the checkpoint is chosen and protected, the script patched, what the first rows
must show written down; and what a refuted resume did to the checkpoints is undone.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine import checkpoints, journal
from engine.checkpoints import (
    Checkpoint,
    certificate,
    choosing,
    circumstances,
    history,
    manifest,
    patching,
    protecting,
    retention,
)
from engine.checkpoints.contents import look
from engine.events import Event
from engine.events import saves as say
from engine.keeper.job import Restart
from engine.profile import Profile
from engine.runs import Attempt, Run
from engine.view import AttemptView, View

MOST = 16
"""Checkpoints that are copied beside the one that is gone on from: the pinned, then the newest."""


@dataclass(frozen=True)
class Chosen:
    """The checkpoint, and the broken ones that were passed over for it."""

    restart: Restart | None
    aside: tuple[Event, ...] = ()


def newest(run: Run, view: View, profile: Profile) -> Chosen:
    """The newest that is whole to the last byte; a broken one falls back to the one before it."""
    if not checkpoints.resumable(profile):
        return Chosen(None)
    choice = choosing.latest(run, checkpoints.of_run(run, view, profile), view)
    known = {told.path: told.reason for told in view.keeper.saves.aside}
    aside = tuple(
        say.SetAside(time.time(), one.checkpoint.path, one.reason, one.checkpoint.step)
        for one in choice.passed
        if known.get(one.checkpoint.path) != one.reason
    )
    found = choice.chosen
    return Chosen(Restart(found.path, found.step) if found else None, aside)


def protect(run: Run, view: View, profile: Profile, number: int, start: Restart) -> Iterator[Event]:
    """Bring every checkpoint that a script of others could delete or overwrite out of its reach, newest first."""
    if profile.recipe != "command":
        return
    whole = [one for one in checkpoints.of_run(run, view, profile) if one.flaw is None]
    whole = [one for one in whole if one.copy_of is None]
    first = [one for one in whole if one.path == start.path]
    others = sorted(whole, key=lambda one: (one.pinned, one.step or -1), reverse=True)
    others = [one for one in others if one.path != start.path]
    for one in [*first, *others[:MOST]]:
        brought = protecting.bring(Path(one.path), _safe(run, one), durable=False)
        yield say.Protected(time.time(), number, one.path, brought.copy, brought.word, one.step)


def _safe(run: Run, one: Checkpoint) -> Path:
    """Apart from the copies that commits make, and apart for each path."""
    return _root(run) / manifest.place(Path(), Path(one.path)).stem / one.name


def prune(run: Run, view: View, profile: Profile) -> Iterator[Event]:
    """By `[checkpoints] keep`, for scripts of others; our own trainer does it by `[save] keep`."""
    if profile.recipe != "command" or profile.checkpoints.keep.newest is None:
        return
    plan = retention.plan(checkpoints.of_run(run, view, profile), profile.checkpoints)
    gone, freed = retention.delete(plan)
    if gone:
        number = f"keep-{time.time_ns():x}"
        yield say.Pruned(time.time(), number, tuple(gone), freed, "[checkpoints] keep")


def pin(run: Run, view: View, profile: Profile) -> Iterator[Event]:
    """A script's clean-up knows no pins, so a pinned one gets a copy; our own trainer reads a list."""
    pins = view.keeper.saves.pins
    if profile.recipe != "command":
        root = run.folder / "checkpoints"
        if root.is_dir():
            names = sorted(Path(path).name for path in pins)
            journal.replace(root / ".pinned", "\n".join(names).encode())
        return
    known = {told.path for told in view.keeper.saves.protected if told.copy}
    for one in checkpoints.of_run(run, view, profile):
        if one.pinned and one.flaw is None and one.path not in known and view.last is not None:
            copy = run.safe / "pinned" / manifest.place(Path(), Path(one.path)).stem / one.name
            brought = protecting.bring(Path(one.path), copy)
            number = view.last.number
            yield say.Protected(time.time(), number, one.path, brought.copy, brought.word, one.step)


def undo(run: Run, last: AttemptView, view: View) -> Iterator[Event]:
    """After a refuted resume, give back what the script deleted or overwrote."""
    judged = last.facts.runner.resume
    if judged is None or judged.action != "stop":
        return
    for told in _before(run, view, last.number):
        if told.copy is not None and Path(told.copy).exists():
            reason = protecting.give_back(Path(told.copy), Path(told.path))
            if reason is not None:
                yield say.Restored(time.time(), told.path, f"{reason} by attempt {last.number}")


def release(run: Run, last: AttemptView, view: View) -> None:
    """A proven resume needs its copies no more, but for those that are all that is left of a checkpoint."""
    judged = last.facts.runner.resume
    if judged is None or judged.verdict != "proven":
        return
    for told in _before(run, view, last.number):
        if told.copy is not None and os.path.exists(told.path):
            protecting.forget(Path(told.copy))


def _before(run: Run, view: View, number: int) -> list[say.Protected]:
    """Copies made for this resume, not those that commits keep."""
    root = str(_root(run))
    told = view.keeper.saves.protected
    return [one for one in told if one.attempt == number and (one.copy or "").startswith(root)]


def _root(run: Run) -> Path:
    return run.safe / "before"


def patch_of(profile: Profile, run: Run, view: View, cwd: str) -> Path | None:
    """The diff for the script: the one that somebody reviewed last, else the profile's."""
    reviewed = [asked.patch for asked in view.keeper.requests if asked.patch]
    if reviewed:
        return run.patches / Path(reviewed[-1]).name
    return Path(cwd, profile.command.patch) if profile.command.patch else None


def patch(run: Run, argv: tuple[str, ...], folder: str, diff: Path) -> patching.Patched:
    """The command with a patched copy in the place of its script."""
    return patching.patched(argv, Path(folder), diff, run.id[-11:])


def unpatch(run: Run, last: AttemptView) -> None:
    """The copy of the script goes with the run's last attempt."""
    for word in last.opening.argv:
        path = Path(last.opening.cwd, word)
        if path.name.startswith(".") and run.id[-11:] in path.name and path.is_file():
            path.unlink()


def proof(run: Run, view: View, profile: Profile, start: Restart) -> dict[str, Any]:
    """What the first rows must show: by this run's own curve, or its parent's where this one has none."""
    accepted = view.keeper.accepted
    source, seen = run, view
    if not view.attempts and accepted is not None and accepted.parent:
        from engine.reader import RunReader

        source = Run(run.folder.parent / accepted.parent)
        seen = RunReader(source).poll()
    holds = look(Path(start.path)).holds
    return history.proof_for(source, seen, start.step, holds, profile.recover.proof).table()


def certify(
    run: Run, view: View, profile: Profile, start: Restart
) -> certificate.Certificate | None:
    """Of a script of others; our own trainer compares more and says it itself."""
    if profile.recipe != "command" or view.last is None:
        return None
    known = checkpoints.of_run(run, view, profile)
    one = next((one for one in known if one.path == start.path), None)
    if one is None:
        return certificate.Certificate(
            certificate.UNKNOWN, ("the checkpoint is not one of this run's",)
        )
    then = circumstances.noted(run.attempt(_maker(view, one)).folder)
    cwd = Path(view.last.opening.cwd)
    argv = profile.command.argv
    now = circumstances.now(argv, cwd, profile.command.env)
    scripts = [path for word in argv if (path := cwd / word).suffix == ".py" and path.is_file()]
    texts = [" ".join(argv), *(path.read_text("utf-8", "replace") for path in scripts)]
    return certificate.certify(one, then, now, certificate.scan(texts))


def note(profile: Profile, attempt: Attempt, folder: str) -> None:
    """What this attempt's steps depend on, for the certificate of a later one."""
    if profile.recipe == "command":
        table = circumstances.now(profile.command.argv, Path(folder), profile.command.env)
        circumstances.note(attempt.folder, table)


def _maker(view: View, one: Checkpoint) -> int:
    """The attempt that wrote it."""
    for told in view.keeper.saves.commits:
        if told.path == one.path:
            return told.attempt
    for attempt in reversed(view.attempts):
        if any(saved.path == one.path for saved in attempt.facts.trainer.saved):
            return attempt.number
    return view.last.number if view.last else 1
