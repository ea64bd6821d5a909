"""What is lost if it dies now: the work that no safe checkpoint holds, and what it costs.

Safe is a checkpoint whose manifest was seen to agree with the files on the user's disk. Where
nobody could look, in a recording for instance, the trainer's word counts: `saved` is written after
the manifest is durable.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath

from engine.events.saves import Committed
from engine.events.trainer import Saved
from engine.status.answers import AtRisk, Checkpoint, Cost
from engine.status.pace import trained_s
from engine.status.terms import Terms
from engine.view import AttemptView, View

THIS_DISK = "this disk"


@dataclass(frozen=True)
class Seen:
    """What a look at the user's disk showed: whether the path is there, and its manifest agrees."""

    here: bool
    verified: bool | None


Disk = Mapping[tuple[int, str], Seen]
"""By attempt and path as it was told; a path that nobody looked for is not in it."""


@dataclass(frozen=True)
class _Save:
    attempt: AttemptView
    told: Saved
    seen: Seen | None

    @property
    def safe(self) -> bool:
        if self.seen is None:
            return self.told.manifest is not None
        return self.seen.here and self.seen.verified is True


def checkpoints(view: View, disk: Disk) -> tuple[Checkpoint, ...]:
    """Those that still exist as far as is known, in the order they were saved."""
    return tuple(_checkpoint(save) for save in _saves(view, disk) if _exists(save))


def at_risk(view: View, disk: Disk, terms: Terms, now: float) -> AtRisk:
    """The work since the newest safe checkpoint, or since the start. `now` is the machine's."""
    safe = [save for save in _saves(view, disk) if save.safe]
    newest = safe[-1] if safe else None
    steps = None
    if view.step is not None:
        steps = max(view.step - (newest.told.step if newest else _start(view)), 0)
    seconds = _since(view, newest, now)
    dollars = None
    if seconds is not None and terms.price_hour is not None:
        dollars = seconds * terms.price_hour / 3600
    return AtRisk(steps, seconds, dollars, _name(newest.told.path) if newest else None)


def nothing_at_risk(risk: AtRisk) -> AtRisk:
    """For a run that is done: its work is what it made."""
    return AtRisk(0, 0.0, 0.0, risk.newest_safe)


def cost(view: View, terms: Terms, now: float) -> Cost:
    """The price times the attempts' time; unknown without a price."""
    if terms.price_hour is None:
        return Cost(None, None, terms.cap)
    lengths = [trained_s(attempt, now) for attempt in view.attempts]
    spent = sum(length for length in lengths if length is not None)
    return Cost(spent * terms.price_hour / 3600, terms.price_hour, terms.cap)


def _saves(view: View, disk: Disk) -> list[_Save]:
    """The last telling of each path: a trainer's own word, then the keeper's on its files. By attempt, then by step."""
    found: dict[str, _Save] = {}
    for attempt in view.attempts:
        committed = [_as_saved(c) for c in view.keeper.saves.commits if c.attempt == attempt.number]
        newest = {told.path: told for told in (*attempt.facts.trainer.saved, *committed)}
        for told in sorted(newest.values(), key=lambda one: one.step):
            found.pop(told.path, None)
            found[told.path] = _Save(attempt, told, disk.get((attempt.number, told.path)))
    return list(found.values())


def _as_saved(told: Committed) -> Saved:
    """A commit says what a `saved` with a manifest says; without a step it is none that could be counted from."""
    return Saved(told.t, told.step or 0, told.path, told.bytes, told.manifest)


def _exists(save: _Save) -> bool:
    return save.seen is None or save.seen.here


def _checkpoint(save: _Save) -> Checkpoint:
    told, opening = save.told, save.attempt.opening
    here = save.seen is not None and save.seen.here
    where = THIS_DISK if here else opening.machine
    verified = save.seen.verified if save.seen else None
    return Checkpoint(_name(told.path), told.path, told.step, told.bytes, verified, where)


def _name(path: str) -> str:
    return PurePosixPath(path).name or path


def _start(view: View) -> int:
    """The step that the first attempt began at."""
    if not view.attempts:
        return 0
    first = view.attempts[0]
    planned = first.facts.trainer.planned
    if planned is not None and planned.start_step is not None:
        return planned.start_step
    return first.opening.resume_step or 0


def _since(view: View, newest: _Save | None, now: float) -> float | None:
    """Seconds trained after the save, over all attempts."""
    after = newest.attempt.number if newest else 0
    lengths = []
    for attempt in view.attempts:
        length = trained_s(attempt, now)
        if length is None or attempt.number < after:
            continue
        started, saved = attempt.facts.runner.started_t, newest.told.t if newest else None
        if attempt.number == after:
            if started is None or saved is None:
                return None
            length = max(length - max(saved - started, 0.0), 0.0)
        lengths.append(length)
    return sum(lengths) if lengths else None
