"""Which checkpoints a run has: what trainers announced, what the keeper committed, what globs find."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

from engine.checkpoints import afar
from engine.checkpoints.checkpoint import Checkpoint, Place, seen
from engine.profile import Profile
from engine.runs import Run
from engine.shelf import finding, manifest, step_in
from engine.view import View


def of_run(run: Run, view: View, profile: Profile) -> list[Checkpoint]:
    """All that are known and still there, in the order in which they were learned of, each path once."""
    host = afar.host_of(view)
    if host is not None:
        return [known(one, view) for one in afar.every(run, view, host)]
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
    return [known(one, view) for one in found.values()]


def known(one: Checkpoint, view: View) -> Checkpoint:
    """With what the journal says of it: where copies are, why it is aside, that somebody keeps it."""
    facts = view.keeper.saves
    aside = [told.reason for told in facts.aside if told.path == one.path]
    copies = [Place("pulled", "this disk") for told in facts.pulled if told.path == one.path][:1]
    sinks = [Place("sink", told.to) for told in facts.pushed if told.path == one.path]
    return replace(
        one,
        pinned=bool({one.path, one.copy_of} & facts.pins),
        flaw=one.flaw or (aside[-1] if aside else None),
        places=(*one.places, *copies, *sinks),
    )


def resumable(profile: Profile) -> bool:
    """The profile says how to continue from a checkpoint."""
    return profile.recipe != "command" or bool(profile.command.resume)


def announced(view: View) -> list[Checkpoint]:
    """Those that trainers told of and that are still there, oldest first, each path once."""
    return [one for one in afar.told(view) if os.path.exists(one.path)]


def matched(pattern: str, folder: Path) -> list[Checkpoint]:
    """Those that a profile's glob finds, by the last number in their name."""
    found = []
    for path in finding.matched(pattern, folder):
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
            finding.numbers(told.metrics),
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
    if manifest.inside(Path(one.path)) is None:
        return one if one.verified is None else replace(one, flaw="its manifest is gone or damaged")
    return _looked_into(one, "auto")


def _looked_into(one: Checkpoint, kind: str) -> Checkpoint:
    """With what its files say of themselves."""
    found = finding.find(Path(one.path), kind)
    return one if found is None else seen(one, found)
