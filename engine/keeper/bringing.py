"""One round of bringing here what a machine made, each kind in its way: own checkpoints by their manifests, scripts'
checkpoints when they lie still, results when they differ from what is here."""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path, PurePosixPath

from engine.errors import Problem
from engine.events import Event
from engine.events import saves as say
from engine.machines.machine import Asked, Depot
from engine.profile import Profile
from engine.runs import Run
from engine.shelf import MANIFEST, look, manifest
from engine.sync import landing, wanted
from engine.sync.cargo import Cargo, Freight, bounded, of_manifest
from engine.sync.meter import Meter
from engine.view import View

STILL_S = 2.0
"""Between two looks at a script's checkpoint; what changed between them is still being written."""


class Round:
    """Each method yields a fact for everything that came; each may raise `Away`, and is safe to begin again."""

    def __init__(self, run: Run, profile: Profile, depot: Depot, meter: Meter) -> None:
        self._run, self._profile, self._depot, self._meter = run, profile, depot, meter
        speed = profile.workspace.bandwidth_mb_s
        self._bytes_s = None if speed is None else speed * 1e6

    def announced(self, view: View, ended: bool) -> Iterator[Event]:
        """Checkpoints that the trainer told of, each by the manifest that it was committed with."""
        for one in wanted.checkpoints(view, ended):
            raw = self._depot.read(one.path, MANIFEST, manifest.CAP)
            sha = hashlib.sha256(raw).hexdigest() if raw is not None else None
            if raw is None or sha != one.manifest:
                continue  # cleaned up since, or written anew: the next word of it counts
            itself = Freight(MANIFEST, len(raw), None, sha)
            cargo = of_manifest(one.path, json.loads(raw), itself)
            yield self._whole(cargo, self._place(one.attempt, one.name), one, one.manifest)

    def found(self, view: View, ended: bool) -> Iterator[Event]:
        """The newest of what the profile's globs match and nobody announced."""
        last = view.last
        globs = self._profile.checkpoints.glob
        if last is None or not globs:
            return
        for base, patterns in bases(last.opening.cwd, globs):
            newest = wanted.newest(self._depot.listed(Asked(base, patterns)))
            if newest is None:
                continue
            cargo = self._still(base, newest, ended)
            if cargo is None:
                continue
            path, mark = os.path.join(base, newest.name), wanted.digest(cargo.files)
            told = wanted.Wanted(last.number, path, None, mark)
            if any((p.path, p.digest) == (path, mark) for p in view.keeper.saves.pulled):
                continue
            event = self._whole(cargo, self._place(last.number, told.name), told, mark)
            committed = self._commit(Path(event.copy), last.number)
            yield event
            yield committed

    def results(self, view: View, ended: bool) -> Iterator[Event]:
        """Files by `[workspace] pull`, and at the end the artifacts that the profile expects."""
        last = view.last
        globs = sought(self._profile, ended)
        if last is None or not globs:
            return
        here = self._run.pulled / "files"
        for base, patterns in bases(last.opening.cwd, globs):
            have = landing.marks(here)
            found = self._depot.listed(Asked(base, patterns, True, True, have))
            cargo = bounded(base, (one for one in found if one.sha is not None))
            if not cargo.files:
                continue
            began, hidden = time.monotonic(), self._run.pulled / ".files.part"
            bad = set(self._bring(cargo, hidden, "results"))
            good = Cargo(base, tuple(one for one in cargo.files if one.name not in bad))
            landing.spread(hidden, here, good)
            if bad and ended:
                raise Problem(f"{sorted(bad)[0]} changed while it was fetched", "fetch it again")
            yield self._pulled(good, str(here), last.number, began, wanted.digest(good.files))

    def _whole(self, cargo: Cargo, target: Path, one: wanted.Wanted, digest: str) -> say.Pulled:
        """A checkpoint, which is all there or not at all."""
        began, hidden = time.monotonic(), target.parent / f".{target.name}.part"
        bad = self._bring(cargo, hidden, one.name)
        if bad:
            raise Problem(f"{one.path}: {bad[0]} is not what it was said to be", "look at it there")
        landing.settled(hidden, os.path.relpath(one.path, cargo.base), target)
        event = self._pulled(cargo, str(target), one.attempt, began, digest)
        return replace(event, path=one.path, step=one.step)

    def _bring(self, cargo: Cargo, hidden: Path, what: str) -> list[str]:
        self._meter.begin(what, cargo.bytes, self._depot.way)
        return self._depot.bring(cargo, hidden, self._bytes_s, self._meter.passed)

    def _pulled(
        self, cargo: Cargo, copy: str, attempt: int, began: float, digest: str
    ) -> say.Pulled:
        return say.Pulled(
            t=time.time(),
            attempt=attempt,
            path=cargo.base,
            copy=copy,
            digest=digest,
            files=len(cargo.files),
            bytes=cargo.bytes,
            seconds=round(time.monotonic() - began, 3),
            way=self._depot.way,
        )

    def _place(self, attempt: int, name: str) -> Path:
        return self._run.pulled / str(attempt) / name

    def _still(self, base: str, one: Freight, ended: bool) -> Cargo | None:
        """All of a script's checkpoint with hashes; None while somebody writes to it."""
        asked = Asked(base, (_exactly(one.name),), deep=True)
        before = [] if ended else [(f.name, f.mark) for f in self._depot.listed(asked)]
        if not ended:
            time.sleep(STILL_S)
        files = self._depot.listed(Asked(base, asked.patterns, deep=True, hashed=True))
        same = ended or before == [(f.name, f.mark) for f in files]
        if not files or not same or any(f.sha is None for f in files):
            return None
        return bounded(base, files)

    def _commit(self, copy: Path, attempt: int) -> Event:
        """The copy becomes a checkpoint of the run, with a manifest of ours."""
        contents = look(copy, self._profile.checkpoints.kind)
        if contents.flaw is not None:
            return say.SetAside(time.time(), str(copy), contents.flaw, contents.step)
        kept = manifest.keep(self._run.manifests, manifest.of(copy, contents))
        return say.Committed(
            t=time.time(),
            attempt=attempt,
            path=str(copy),
            manifest=kept.sha256,
            kind=contents.kind,
            holds=contents.holds,
            step=contents.step,
            bytes=manifest.size(copy),
            metrics=dict(contents.metrics) or None,
        )


def sought(profile: Profile, ended: bool) -> tuple[str, ...]:
    """Globs of results; artifacts are there when the training is over."""
    expect = profile.artifacts.expect if ended else ()
    return (*profile.workspace.pull, *expect)


def bases(cwd: str, globs: Sequence[str]) -> Iterator[tuple[str, list[str]]]:
    """Relative patterns begin where the command ran, absolute ones at the root."""
    relative = [glob for glob in globs if not PurePosixPath(glob).is_absolute()]
    absolute = [glob.lstrip("/") for glob in globs if PurePosixPath(glob).is_absolute()]
    if relative:
        yield cwd, relative
    if absolute:
        yield "/", absolute


def _exactly(name: str) -> str:
    return "".join(f"[{char}]" if char in "*?[" else char for char in name)
