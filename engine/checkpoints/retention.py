"""Which checkpoints are kept and why: a pure plan. Deleting is an act of the machine where they lie.

Kept are the newest, the best, every so-many-th step, the pinned ones, and always the only one that is whole. A broken
one is left where it is: it may still tell somebody something.
"""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from engine.checkpoints.checkpoint import Checkpoint
from engine.profile.tables.proving import Checkpoints


@dataclass(frozen=True)
class Kept:
    """`reason` is why it stays; None: it goes."""

    checkpoint: Checkpoint
    reason: str | None


def plan(known: Sequence[Checkpoint], rules: Checkpoints) -> list[Kept]:
    """Every checkpoint with the first reason to keep it, in the order given."""
    whole = sorted((one for one in known if one.flaw is None), key=_step)
    if rules.keep.newest is None:
        return [Kept(one, _fixed(one) or "all are kept") for one in known]
    reasons: dict[str, str] = {}
    for one in whole[-rules.keep.newest :]:
        reasons[one.path] = "newest"
    for one in _best(whole, rules):
        reasons.setdefault(one.path, "best")
    every = rules.keep.every
    for one in whole:
        if every and one.step is not None and one.step % every == 0:
            reasons.setdefault(one.path, f"every {every}")
    return [Kept(one, _fixed(one) or reasons.get(one.path)) for one in known]


def _fixed(one: Checkpoint) -> str | None:
    if one.pinned:
        return "pinned"
    return "broken, left alone" if one.flaw is not None else None


def _best(whole: Sequence[Checkpoint], rules: Checkpoints) -> list[Checkpoint]:
    sign = 1 if rules.mode == "min" else -1
    scored = [one for one in whole if rules.metric in one.metrics]
    return sorted(scored, key=lambda one: sign * one.metrics[rules.metric])[: rules.keep.best]


def _step(one: Checkpoint) -> tuple[int, float]:
    return (-1 if one.step is None else one.step, one.t or 0.0)


def going(plan: Sequence[Kept]) -> list[str]:
    """The paths of those that go: nothing where nothing whole stays, whatever made this plan."""
    if not any(one.reason is not None and one.checkpoint.flaw is None for one in plan):
        return []
    return [one.checkpoint.path for one in plan if one.reason is None]


@dataclass(frozen=True)
class Room:
    """`checkpoints` is for how many more of the newest one's size there is room."""

    free: int
    checkpoints: int | None


def room(known: Sequence[Checkpoint], folder: Path) -> Room:
    """On the disk where the newest one lies."""
    newest = _sized(known)
    place = Path(newest.path).parent if newest else folder
    return for_more(known, shutil.disk_usage(place if place.exists() else folder).free)


def for_more(known: Sequence[Checkpoint], free: int) -> Room:
    newest = _sized(known)
    return Room(free, free // newest.bytes if newest and newest.bytes else None)


def _sized(known: Sequence[Checkpoint]) -> Checkpoint | None:
    return max((one for one in known if one.bytes), key=_step, default=None)
