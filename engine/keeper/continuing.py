"""Before and after a resumed attempt: the checkpoint is chosen and protected, the script patched; and what a refuted
resume did to the checkpoints is undone, on whichever machine they lie.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from engine import checkpoints
from engine.checkpoints import Checkpoint, afar, choosing, retention
from engine.events import Event
from engine.events import saves as say
from engine.keeper.job import Restart
from engine.machines.local import Local
from engine.machines.machine import Shelf
from engine.profile import Profile
from engine.runs import Run
from engine.shelf import acts, manifest, patching
from engine.shelf.acts import Act, Answer
from engine.view import AttemptView, View

MOST = 16
"""Checkpoints that are copied beside the one that is gone on from: the pinned, then the newest."""


@dataclass(frozen=True)
class Beside:
    """A run, and the machine where its checkpoints lie."""

    run: Run
    profile: Profile
    machine: Shelf

    def do(self, *asked: Act) -> list[Answer]:
        """Each act's answer. May raise `Away`."""
        return self.machine.shelf(asked) if asked else []

    @property
    def home(self) -> Path:
        return Path(self.machine.home)

    @property
    def is_script(self) -> bool:
        return self.profile.recipe == "command"

    @property
    def before(self) -> Path:
        """Of copies that are made before a resume."""
        return self.home / "safe" / "before"

    def known(self, view: View) -> list[Checkpoint]:
        return checkpoints.of_run(self.run, view, self.profile)


def here(run: Run, profile: Profile) -> Beside:
    """A run of this machine."""
    return Beside(run, profile, Local(run))


@dataclass(frozen=True)
class Patched:
    """The command with a patched copy of its script, and what is said of it."""

    argv: tuple[str, ...]
    copy: str
    change: str


@dataclass(frozen=True)
class Chosen:
    """The checkpoint, and the broken ones that were passed over for it."""

    restart: Restart | None
    aside: tuple[Event, ...] = ()


def newest(beside: Beside, view: View) -> Chosen:
    """The newest that is whole to the last byte; a broken one falls back to the one before it."""
    if not checkpoints.resumable(beside.profile):
        return Chosen(None)
    look_again(beside, view)
    choice = choosing.latest(beside.run, beside.known(view), view)
    known = {told.path: told.reason for told in view.keeper.saves.aside}
    aside = tuple(
        say.SetAside(time.time(), one.checkpoint.path, one.reason, one.checkpoint.step)
        for one in choice.passed
        if known.get(one.checkpoint.path) != one.reason
    )
    found = choice.chosen
    return Chosen(Restart(found.path, found.step) if found else None, aside)


def look_again(beside: Beside, view: View) -> None:
    """What another machine has now; of this one everybody can see it."""
    if afar.host_of(view) is not None:
        question = afar.question(view, beside.profile)
        (answer,) = beside.do(acts.find(question))
        afar.keep(beside.run, question, answer)


def protect(beside: Beside, view: View, number: int, start: Restart) -> Iterator[Event]:
    """Bring every checkpoint that a script of others could delete or overwrite out of its reach, newest first."""
    if not beside.is_script:
        return
    whole = [one for one in beside.known(view) if one.flaw is None and one.copy_of is None]
    first = [one for one in whole if one.path == start.path]
    others = sorted(whole, key=lambda one: (one.pinned, one.step or -1), reverse=True)
    others = [one for one in others if one.path != start.path]
    chosen = [*first, *others[:MOST]]
    asked = [acts.bring(one.path, str(_safe(beside, one)), durable=False) for one in chosen]
    for one, answer in zip(chosen, beside.do(*asked), strict=True):
        copy, word = answer["copy"], answer["word"]
        yield say.Protected(time.time(), number, one.path, copy, word, one.step)


def _safe(beside: Beside, one: Checkpoint) -> Path:
    """Apart from the copies that commits make, and apart for each path."""
    return beside.before / _mark(one) / one.name


def _mark(one: Checkpoint) -> str:
    return manifest.place(Path(), Path(one.path)).stem


def prune(beside: Beside, view: View) -> Iterator[Event]:
    """By `[checkpoints] keep`, for scripts of others; our own trainer does it by `[save] keep`."""
    rules = beside.profile.checkpoints
    if not beside.is_script or rules.keep.newest is None:
        return
    look_again(beside, view)
    going = retention.going(retention.plan(beside.known(view), rules))
    if not going:
        return
    (answer,) = beside.do(acts.delete(going))
    if gone := answer["gone"]:
        number = f"keep-{time.time_ns():x}"
        yield say.Pruned(time.time(), number, tuple(gone), answer["bytes"], "[checkpoints] keep")


def pin(beside: Beside, view: View) -> Iterator[Event]:
    """A script's clean-up knows no pins, so a pinned one gets a copy; our own trainer reads a list."""
    pins = view.keeper.saves.pins
    if not beside.is_script:
        names = sorted(Path(path).name for path in pins)
        beside.do(acts.pins(str(beside.home / "checkpoints"), names))
        return
    known = {told.path for told in view.keeper.saves.protected if told.copy}
    number = view.last.number if view.last else 0
    for one in beside.known(view) if number else ():
        if one.pinned and one.flaw is None and one.path not in known:
            copy = beside.home / "safe" / "pinned" / _mark(one) / one.name
            (answer,) = beside.do(acts.bring(one.path, str(copy)))
            yield say.Protected(
                time.time(), number, one.path, answer["copy"], answer["word"], one.step
            )


def undo(beside: Beside, last: AttemptView, view: View) -> Iterator[Event]:
    """After a refuted resume, give back what the script deleted or overwrote."""
    judged = last.facts.runner.resume
    if judged is None or judged.action != "stop":
        return
    copies = _before(beside, view, last.number)
    answers = beside.do(*(acts.give_back(copy, path) for copy, path in copies))
    for (_, path), answer in zip(copies, answers, strict=True):
        if (reason := answer["reason"]) is not None:
            yield say.Restored(time.time(), path, f"{reason} by attempt {last.number}")


def release(beside: Beside, last: AttemptView, view: View) -> None:
    """A proven resume needs its copies no more, but for those that are all that is left of a checkpoint."""
    judged = last.facts.runner.resume
    if judged is not None and judged.verdict == "proven":
        beside.do(*(acts.forget(*pair) for pair in _before(beside, view, last.number)))


def _before(beside: Beside, view: View, number: int) -> list[tuple[str, str]]:
    """Copies made for this resume, not those that commits keep; each with its original."""
    root = str(beside.before)
    return [
        (told.copy, told.path)
        for told in view.keeper.saves.protected
        if told.attempt == number and told.copy is not None and told.copy.startswith(root)
    ]


def patch_of(profile: Profile, run: Run, view: View, cwd: str) -> Path | None:
    """The diff for the script: the one that somebody reviewed last, else the profile's."""
    reviewed = [asked.patch for asked in view.keeper.requests if asked.patch]
    if reviewed:
        return run.patches / Path(reviewed[-1]).name
    return Path(cwd, profile.command.patch) if profile.command.patch else None


def patch(beside: Beside, words: tuple[str, ...], folder: str, diff: Path) -> Patched:
    """The command with a patched copy in the place of its script."""
    text = patching.read(diff)
    (answer,) = beside.do(acts.patch(words, folder, text, _tail(beside.run)))
    change = patching.change(answer["script"], diff, text)
    return Patched(tuple(answer["argv"]), str(answer["copy"]), change)


def _tail(run: Run) -> str:
    """Names the run in the names of patched scripts."""
    return run.id[-11:]


def unpatch(beside: Beside, last: AttemptView) -> None:
    """The copy of the script goes with the run's last attempt."""
    paths = [os.path.join(last.opening.cwd, word) for word in last.opening.argv]
    tail = _tail(beside.run)
    copies = [path for path in paths if tail in os.path.basename(path)]
    if copies:
        beside.do(acts.unpatch(copies))
