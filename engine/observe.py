"""Look at a run here and now: its journal, its terms, the checkpoints on this disk.

What `status`, `ls`, `wait` and the screen ask; a replay asks the same questions of a journal that
is not all there yet. It reads and never writes.
"""

from __future__ import annotations

import hashlib
import json
import os
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

from engine import vault
from engine.errors import Unusable
from engine.events.saves import Committed
from engine.frame import Frame
from engine.reader import RunReader
from engine.runs import Run, logs_folder
from engine.shelf import MANIFEST, manifest
from engine.status import Disk, Seen, Status, Terms, describe
from engine.status.answers import Checkpoint
from engine.status.risk import THIS_DISK
from engine.view import AttemptView, View

LOCAL = "local"
LATER = ("expect", "gates", "log")
"""Tables that jobs did not have from the start."""
SMALL = 4 << 20


class Observer:
    """Follows one run; each `status` costs what is new. Checkpoints are looked at every `disk_s` seconds at most."""

    def __init__(self, run: Run, reader: RunReader | None = None, disk_s: float = 0.0) -> None:
        self.run = run
        self._reader = reader or RunReader(run)
        self._disk_s = disk_s
        self._disk: tuple[float, int, Disk, list[Checkpoint]] | None = None
        self._terms: tuple[int, Terms] | None = None
        self._globs: tuple[str, ...] | None = None

    def frame(self) -> Frame:
        return self._reader.frame()

    def status(self, frame: Frame | None = None) -> Status:
        """The seven answers, of this frame or of a fresh one."""
        frame = frame or self.frame()
        saved = sum(len(attempt.facts.trainer.saved) for attempt in frame.view.attempts)
        now, known = time.monotonic(), self._disk
        fresh = known is not None and known[1] == saved and now - known[0] < self._disk_s
        disk = known[2] if known is not None and fresh else self._look(frame.view)
        status = told(describe(frame, self._agreed(frame.view), disk), frame.view)
        found = known[3] if known is not None and fresh else self._unannounced(status, frame.view)
        if not fresh:
            self._disk = now, saved, disk, found
        return replace(status, checkpoints=(*status.checkpoints, *found))

    def _look(self, view: View) -> Disk:
        """What a bundle tells of is on somebody else's disk."""
        return {} if vault.inside(self.run.folder) else look_at_disk(view, self.run)

    def _unannounced(self, status: Status, view: View) -> list[Checkpoint]:
        """What the profile's globs find beside what the trainer told; nobody can say it is whole."""
        if self._globs is None:
            # A recording of somebody else's must not make us search this disk.
            ours = self.run.folder.parent == logs_folder()
            globs = _globs(_json(self.run.profile, SMALL)) if ours else ()
            self._globs = tuple(glob.replace("{run}", self.run.id) for glob in globs)
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


def told(status: Status, view: View) -> Status:
    """With why it failed, where it did. Cards are loaded for runs that need them alone."""
    if status.exit_status in (None, 0):
        return status
    from engine.explain import book
    from engine.explain.failure import explained

    try:
        return explained(status, view, book())
    except Unusable:
        return status  # a broken file of cards is the matter of `engine explain`, which names it


def terms_of(run: Run, attempt: int) -> Terms:
    """What was agreed for an attempt; 0 is before the first."""
    job = _json(run.attempt(attempt).job, SMALL) if attempt else None
    if job is not None and not job.keys() >= set(LATER):
        # A job of before these were in it: the run's frozen profile has them.
        frozen = _json(run.profile, SMALL) or {}
        job = {**{name: frozen[name] for name in LATER if name in frozen}, **job}
    return Terms.of(job, None if job else _json(run.profile, SMALL))


def actions_of(run: Run) -> dict[str, str]:
    """What the run's profile lets follow each alarm, as far as it says so."""
    alerts = (_json(run.profile, SMALL) or {}).get("alerts")
    told = alerts.get("actions") if isinstance(alerts, dict) else None
    return {str(k): str(v) for k, v in told.items()} if isinstance(told, dict) else {}


def look_at_disk(view: View, run: Run | None = None) -> Disk:
    """Every checkpoint that is here, saved or brought, as it lies now. `run` has the manifests of foreign ones."""
    if view.keeper.accepted is None:
        return {}
    if view.keeper.accepted.host != LOCAL:
        return _brought(view, run)
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


def _brought(view: View, run: Run | None) -> Disk:
    """What came from a machine: by the paths that were told there, and scripts' own by those of the copies."""
    copies = {(one.attempt, one.path): Path(one.copy) for one in view.keeper.saves.pulled}
    found: dict[tuple[int, str], Seen] = {}
    for attempt in view.attempts:
        for saved in attempt.facts.trainer.saved:
            copy = copies.get((attempt.number, str(place(attempt, saved.path))))
            if copy is not None:
                found[attempt.number, saved.path] = inspect(copy, saved.manifest)
    if run is not None:
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
        raw = vault.small(folder / MANIFEST, manifest.CAP)
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
        found = json.loads(vault.small(path, cap))
    except (OSError, ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None
