"""What came out of a run: where it lies, how large it is, by which hash it is known, how it stands."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath

from engine.cli import words
from engine.curves import Whole
from engine.report.said import NOTHING, Said, listed, said
from engine.status.answers import Checkpoint


@dataclass(frozen=True)
class Output:
    """What came out: where it lies, how large it is, by what hash it is known, how it stands."""

    name: Said = NOTHING
    path: Said = NOTHING
    size: Said = NOTHING
    sha256: Said = NOTHING
    status: Said = NOTHING


def output(one: Whole, typed: Mapping[str, str]) -> Output:
    """The newest checkpoint that is known to be whole, and where it was pushed; one that is gone is said to be."""
    told, facts = dict(listed(typed, "output")), one.view.keeper.saves
    hashes = {s.path: s.manifest for a in one.view.attempts for s in a.facts.trainer.saved}
    hashes.update({c.path: c.manifest for c in facts.commits})
    best = _best(one)
    pushed = next((p.to for p in reversed(facts.pushed) if best and p.path == best.path), None)
    mark = hashes.get(best.path) if best else None
    return Output(
        said(best.name if best else None, told.get("name")),
        said(pushed or (best.path if best else None), told.get("path")),
        said(words.size(best.bytes) if best else None, told.get("size")),
        said(mark[:12] if mark else None, told.get("sha256")),
        said(_standing(best, one) if best else None, told.get("status")),
    )


def _best(one: Whole) -> Checkpoint | None:
    known = [c for c in one.status.checkpoints if c.verified is not False]
    if known:
        return max(known, key=lambda c: (bool(c.verified), c.step or 0))
    saved = [s for a in one.view.attempts for s in a.facts.trainer.saved]
    last = saved[-1] if saved else None
    name = PurePosixPath(last.path).name if last else ""
    return Checkpoint(name, last.path, last.step, last.bytes, None, None) if last else None


def _standing(best: Checkpoint, one: Whole) -> str:
    if best.path in one.view.keeper.saves.pins:
        return "pinned"
    if best.where is None and best not in one.status.checkpoints:
        return "saved, not on this disk now"
    return "verified" if best.verified else "told by the trainer"
