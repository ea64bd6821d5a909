"""Which of a machine's checkpoints should be here. Nothing is asked or fetched here."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from engine.shelf import step_in
from engine.shelf.finding import unfinished
from engine.sync.cargo import Freight
from engine.view import View


@dataclass(frozen=True)
class Wanted:
    """A checkpoint that was announced on the machine and is not here."""

    attempt: int
    path: str
    step: int | None
    manifest: str

    @property
    def name(self) -> str:
        return PurePosixPath(self.path).name


def checkpoints(view: View, ended: bool) -> list[Wanted]:
    """The newest, and when nothing more will come, the one with the best metric: most endangered first."""
    known = {(one.attempt, one.path, one.digest) for one in view.keeper.saves.pulled}
    told = [
        Wanted(attempt.number, os.path.join(attempt.opening.cwd, one.path), one.step, one.manifest)
        for attempt in view.attempts
        for one in attempt.facts.trainer.saved
        if one.manifest is not None
    ]
    newest = max(told, key=lambda one: (one.step or 0, one.attempt), default=None)
    best = view.best() if ended else None
    of_best = [one for one in told if best is not None and one.step == best[1].step]
    chosen = dict.fromkeys(one for one in (newest, *of_best[-1:]) if one is not None)
    return [one for one in chosen if (one.attempt, one.path, one.manifest) not in known]


def digest(files: Iterable[Freight]) -> str:
    """Of a folder's files, by what the machine says of them."""
    whole = hashlib.sha256()
    for file in sorted(files, key=lambda one: one.name):
        whole.update(f"{file.name}\0{file.bytes}\0{file.sha}\n".encode("utf-8", "surrogateescape"))
    return whole.hexdigest()


def newest(found: Iterable[Freight]) -> Freight | None:
    """Of what a profile's globs match on the machine: the last by the number in its name, then by its time."""
    return max(filter(_finished, found), key=_rank, default=None)


def _finished(one: Freight) -> bool:
    return not unfinished(PurePosixPath(one.name).name)


def _rank(one: Freight) -> tuple[int, int]:
    step = step_in(Path(PurePosixPath(one.name).name))
    return -1 if step is None else step, one.mtime_ns or 0
