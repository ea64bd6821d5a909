"""Which checkpoints a run has: what trainers announced, what the keeper committed, what globs find."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from engine.checkpoints import afar, manifest
from engine.checkpoints.checkpoint import HERE, Checkpoint, Place
from engine.checkpoints.contents import Contents, look, step_in
from engine.profile import Profile
from engine.runs import Run
from engine.view import View

UNFINISHED = ("~", ".tmp", "-tmp", ".part", ".partial", ".incomplete", ".lock", ".not-resumed")
"""Endings of what is on its way to become a checkpoint, or was one before it was put aside."""


def of_run(run: Run, view: View, profile: Profile) -> list[Checkpoint]:
    """All that are known and still there, in the order in which they were learned of, each path once."""
    host = afar.host_of(view)
    if host is not None:
        return afar.told(view, Place("machine", host))
    found = {one.path: _inside(one) for one in announced(view)}
    for one in _committed(run, view):
        found[one.path] = one
    last = view.last
    folder = Path(last.opening.cwd) if last else run.folder
    for pattern in profile.checkpoints.glob:
        for one in matched(pattern, folder):
            if one.path not in found:
                found[one.path] = _looked_into(one, profile.checkpoints.kind)
    whole = {one.step for one in found.values() if one.flaw is None}
    for one in _copies(run, view):
        if one.step not in whole:
            found[one.path] = one
    facts = view.keeper.saves
    aside = {one.path: one.reason for one in facts.aside}
    sinks: dict[str, list[Place]] = {}
    for pushed in facts.pushed:
        sinks.setdefault(pushed.path, []).append(Place("sink", pushed.to))
    return [
        replace(
            one,
            pinned=bool({one.path, one.copy_of} & facts.pins),
            flaw=one.flaw or aside.get(one.path),
            places=(HERE, *sinks.get(one.path, ())),
        )
        for one in found.values()
    ]


def resumable(profile: Profile) -> bool:
    """The profile says how to continue from a checkpoint."""
    return profile.recipe != "command" or bool(profile.command.resume)


def announced(view: View) -> list[Checkpoint]:
    """Those that trainers told of and that are still there, oldest first, each path once."""
    return [one for one in afar.told(view) if os.path.exists(one.path)]


def matched(pattern: str, folder: Path) -> list[Checkpoint]:
    """Those that a profile's glob finds, by the last number in their name."""
    found = []
    for path in sorted(folder.glob(pattern)) if not os.path.isabs(pattern) else _absolute(pattern):
        if path.name.startswith(".") or path.name.endswith(UNFINISHED):
            continue
        try:
            status = path.stat()
        except OSError:  # a script that cleans up while we look
            continue
        size = status.st_size if path.is_file() else None
        found.append(
            Checkpoint(path.name, str(path), step_in(path), size, status.st_mtime, verified=None)
        )
    return sorted(found, key=lambda c: (c.step if c.step is not None else -1, c.t or 0.0))


def newest(checkpoints: Iterable[Checkpoint]) -> Checkpoint | None:
    """The one with the highest step; of equals, the later."""
    best: Checkpoint | None = None
    for checkpoint in checkpoints:
        if best is None or _rank(checkpoint) >= _rank(best):
            best = checkpoint
    return best


def _rank(checkpoint: Checkpoint) -> int:
    return -1 if checkpoint.step is None else checkpoint.step


def _absolute(pattern: str) -> Iterable[Path]:
    return sorted(Path("/").glob(pattern.lstrip("/")))


def _committed(run: Run, view: View) -> Iterator[Checkpoint]:
    """Scripts' own checkpoints of which the keeper has a manifest; what changed since is flawed."""
    for told in view.keeper.saves.commits:
        path = Path(told.path)
        if not path.exists():
            continue
        kept = manifest.known(manifest.place(run.manifests, path), told.manifest)
        flaw = "its manifest is gone or changed" if kept is None else manifest.flaw(path, kept)
        yield Checkpoint(
            path.name,
            told.path,
            told.step,
            told.bytes,
            told.t,
            "committed",
            told.kind,
            told.holds,
            _numbers(told.metrics),
            flaw=flaw,
        )


def _copies(run: Run, view: View) -> Iterator[Checkpoint]:
    """Copies out of a script's reach: of what is gone, or was written over since."""
    for told in view.keeper.saves.protected:
        copy = Path(told.copy or "")
        if told.copy is None or (os.path.exists(told.path) and copy.parent != run.safe):
            continue
        if copy.exists():
            one = Checkpoint(
                Path(told.path).name, told.copy, told.step, manifest.size(copy), told.t, "committed"
            )
            yield replace(_looked_into(one, "auto"), copy_of=told.path)


def _inside(one: Checkpoint) -> Checkpoint:
    """With what the manifest of our own trainer says."""
    kept = manifest.inside(Path(one.path))
    if kept is None:
        return one if one.verified is None else replace(one, flaw="its manifest is gone or damaged")
    holds = kept.get("holds")
    return replace(
        one,
        kind="own",
        holds=tuple(str(word) for word in holds) if isinstance(holds, list) else (),
        metrics=_numbers(kept),
        flaw=manifest.flaw(Path(one.path), kept),
    )


def _looked_into(one: Checkpoint, kind: str) -> Checkpoint:
    """With what its files say of themselves."""
    path = Path(one.path)
    try:
        seen = _look(one.path, kind, manifest.signature(path))
    except OSError:
        return one
    step = one.step if seen.step is None else seen.step
    return replace(
        one,
        step=step,
        bytes=manifest.size(path),
        kind=seen.kind,
        holds=seen.holds,
        metrics=seen.metrics,
        total=seen.total,
        flaw=seen.flaw,
    )


@lru_cache(maxsize=1024)
def _look(path: str, kind: str, signature: object) -> Contents:
    """Again only when a file has changed."""
    return look(Path(path), kind)


def _numbers(table: Mapping[str, Any] | None) -> dict[str, float]:
    wanted = ("loss", "eval_loss", "best_eval_loss", "learning_rate")
    found = table or {}
    return {
        name: float(found[name])
        for name in wanted
        if isinstance(found.get(name), (int, float)) and not isinstance(found.get(name), bool)
    }
