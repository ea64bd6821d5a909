"""Which checkpoint to go on from: what a person asked for, if it can be trusted to the last byte.

`latest` and `best` pass over what is broken and say so; a name or a path that is broken is refused.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from engine import vault
from engine.checkpoints import afar
from engine.checkpoints.checkpoint import Checkpoint
from engine.profile import Profile
from engine.runs import Run
from engine.scalars.tally import Best
from engine.shelf import MANIFEST, look, manifest
from engine.view import View

OFFERED = ("latest", "best")


@dataclass(frozen=True)
class Passed:
    """A checkpoint that was not offered, and why."""

    checkpoint: Checkpoint
    reason: str


@dataclass(frozen=True)
class Choice:
    """`passed` are newer or better ones that are broken."""

    chosen: Checkpoint | None
    passed: tuple[Passed, ...] = ()


def latest(run: Run, known: Iterable[Checkpoint], view: View) -> Choice:
    """The newest that is whole."""
    return _first(run, view, sorted(known, key=_step, reverse=True))


def best(run: Run, known: Sequence[Checkpoint], view: View, profile: Profile) -> Choice:
    """The one with the best metric of its own; else the first after the run's best step; else the newest."""
    name, sign = profile.checkpoints.metric, 1 if profile.checkpoints.mode == "min" else -1
    scored = [one for one in known if name in one.metrics]
    if scored:
        order = sorted(scored, key=lambda one: (sign * one.metrics[name], -_step(one)))
        return _first(run, view, order)
    found = view.best()
    near = [one for one in known if found and one.step is not None and one.step >= found[1].step]
    if near:
        return _first(run, view, sorted(near, key=_step))
    return latest(run, known, view)


def named(known: Sequence[Checkpoint], name: str) -> Checkpoint | None:
    """The newest of this name or path, or the only one whose name or step is this."""
    exact = [one for one in known if name in (one.name, one.path)]
    if exact:
        return exact[-1]
    close = [one for one in known if Path(one.name).stem == name or str(one.step) == name]
    return close[-1] if len(close) == 1 else None


def broken(run: Run, one: Checkpoint, view: View) -> str | None:
    """Why it must not be used; every byte is read where a manifest says what it should be."""
    if one.flaw is not None or afar.is_far(one):
        return one.flaw
    path = Path(one.path)
    if not path.exists():
        return "it is gone"
    told = _told(view, one.path)
    kept = manifest.inside(path)
    if kept is not None:
        if told is not None and _sha(path) != told:
            return "its manifest is not the one that was announced"
        return manifest.flaw(path, kept, hashes=True)
    kept = manifest.read(manifest.place(run.manifests, Path(one.copy_of or one.path)))
    if kept is not None and one.copy_of is None:
        return manifest.flaw(path, kept, hashes=True)
    return look(path, every_byte=True).flaw


def _told(view: View, path: str) -> str | None:
    for attempt in reversed(view.attempts):
        for saved in reversed(attempt.facts.trainer.saved):
            if os.path.join(attempt.opening.cwd, saved.path) == path:
                return saved.manifest
    return None


def _sha(path: Path) -> str | None:
    try:
        raw = vault.small(path / MANIFEST, manifest.CAP)
    except (OSError, ValueError):
        return None
    return hashlib.sha256(raw).hexdigest()


def _first(run: Run, view: View, order: Iterable[Checkpoint]) -> Choice:
    passed: list[Passed] = []
    for one in order:
        reason = broken(run, one, view)
        if reason is None:
            return Choice(one, tuple(passed))
        passed.append(Passed(one, reason))
    return Choice(None, tuple(passed))


def _step(one: Checkpoint) -> int:
    return -1 if one.step is None else one.step


def best_of(
    known: Iterable[Checkpoint], found: tuple[str, Best] | None, profile: Profile
) -> str | None:
    """The path of the best of a list, without reading it."""
    metric, sign = profile.checkpoints.metric, 1 if profile.checkpoints.mode == "min" else -1
    scored = [one for one in known if metric in one.metrics and one.flaw is None]
    if scored:
        return min(scored, key=lambda one: sign * one.metrics[metric]).path
    same = [one for one in known if found is not None and one.step == found[1].step]
    return same[-1].path if same else None


def is_path(word: str) -> bool:
    return os.sep in word
