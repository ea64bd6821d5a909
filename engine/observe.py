"""Look at a run here and now: its journal, its terms, the checkpoints on this disk.

What `status`, `ls`, `wait` and the screen ask; a replay asks the same questions of a journal that
is not all there yet. It reads and never writes.
"""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

from engine.checkpoints import manifest
from engine.checkpoints.contents import MANIFEST
from engine.events.saves import Committed
from engine.frame import Frame
from engine.reader import RunReader
from engine.runs import Run, logs_folder
from engine.status import Disk, Seen, Status, Terms, describe
from engine.status.answers import Checkpoint
from engine.status.risk import THIS_DISK
from engine.view import AttemptView, View

LOCAL = "local"
SMALL = 4 << 20


class Observer:
    """Follows one run; each `status` costs what is new."""

    def __init__(self, run: Run) -> None:
        self.run = run
        self._reader = RunReader(run)
        self._terms: tuple[int, Terms] | None = None
        self._globs: tuple[str, ...] | None = None

    def frame(self) -> Frame:
        return self._reader.frame()

    def status(self, frame: Frame | None = None) -> Status:
        """The seven answers, of this frame or of a fresh one."""
        frame = frame or self.frame()
        disk = look_at_disk(frame.view, self.run)
        status = describe(frame, self._agreed(frame.view), disk)
        unannounced = self._unannounced(status, frame.view)
        return replace(status, checkpoints=(*status.checkpoints, *unannounced))

    def _unannounced(self, status: Status, view: View) -> list[Checkpoint]:
        """What the profile's globs find beside what the trainer told; nobody can say it is whole."""
        if self._globs is None:
            # A recording of somebody else's must not make us search this disk.
            ours = self.run.folder.parent == logs_folder()
            self._globs = _globs(_json(self.run.profile, SMALL)) if ours else ()
        if not self._globs or status.host != LOCAL or view.last is None:
            return []
        # Finding checkpoints loads profiles, which a run that announces its own does not need.
        from engine.checkpoints import matched

        cwd = Path(view.last.opening.cwd)
        known = {os.path.join(cwd, one.path) for one in status.checkpoints}
        found = [one for glob in self._globs for one in matched(glob, cwd) if one.path not in known]
        return [
            Checkpoint(one.name, one.path, one.step, one.bytes, None, THIS_DISK) for one in found
        ]

    def _agreed(self, view: View) -> Terms:
        """Read again only when an attempt was opened: a job is frozen."""
        number = view.last.number if view.last else 0
        if self._terms is None or self._terms[0] != number or number == 0:
            self._terms = number, terms_of(self.run, number)
        return self._terms[1]


def terms_of(run: Run, attempt: int) -> Terms:
    """What was agreed for an attempt; 0 is before the first."""
    job = _json(run.attempt(attempt).job, SMALL) if attempt else None
    return Terms.of(job, None if job else _json(run.profile, SMALL))


def look_at_disk(view: View, run: Run | None = None) -> Disk:
    """Every checkpoint saved on this machine, as it lies there now. `run` has the manifests of foreign ones."""
    if view.keeper.accepted is None or view.keeper.accepted.host != LOCAL:
        return {}
    found = {
        (attempt.number, saved.path): inspect(place(attempt, saved.path), saved.manifest)
        for attempt in view.attempts
        for saved in attempt.facts.trainer.saved
    }
    if run is None:
        return found
    for told in view.keeper.saves.commits:
        found[told.attempt, told.path] = _committed(run.manifests, told)
    return found


def _committed(manifests: Path, told: Committed, hashes: bool = False) -> Seen:
    """A script's own checkpoint, by the manifest that the keeper made of it."""
    path = Path(told.path)
    if not path.exists():
        return Seen(here=False, verified=None)
    kept = manifest.known(manifest.place(manifests, path), told.manifest)
    return Seen(True, kept is not None and manifest.flaw(path, kept, hashes) is None)


def place(attempt: AttemptView, path: str) -> Path:
    """Where a path lies that the trainer told: relative ones begin where it was started."""
    return Path(attempt.opening.cwd, path)


def inspect(folder: Path, mark: str | None, hashes: bool = False) -> Seen:
    """Whether manifest and files agree: their sizes, and with `hashes` every byte."""
    try:
        if not os.path.lexists(folder):
            return Seen(here=False, verified=None)
        raw = manifest.small(folder / MANIFEST, manifest.CAP)
    except (OSError, ValueError):
        return Seen(here=True, verified=None)
    if mark is not None and hashlib.sha256(raw).hexdigest() != mark:
        return Seen(here=True, verified=False)
    kept = manifest.inside(folder)
    agrees = kept is not None and manifest.flaw(folder, kept, hashes) is None
    return Seen(here=True, verified=agrees)


def _globs(profile: dict[str, Any] | None) -> tuple[str, ...]:
    """Where the profile says that checkpoints appear."""
    table = (profile or {}).get("checkpoints")
    globs = table.get("glob") if isinstance(table, dict) else None
    return tuple(glob for glob in globs if isinstance(glob, str) and glob) if globs else ()


def _json(path: Path, cap: int) -> dict[str, Any] | None:
    try:
        found = json.loads(manifest.small(path, cap))
    except (OSError, ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None
