"""The keeper's segment folded: what was accepted, opened, asked, planned and closed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Callable

from engine.events import Event
from engine.events import keeper as say
from engine.scalars import saves
from engine.scalars.changing import changed
from engine.scalars.saves import NONE, SaveFacts


@dataclass(frozen=True)
class Opening:
    """An attempt as the keeper opened it, with what it learned of its end where the machine could not tell."""

    number: int
    t: float | None
    machine: str
    argv: tuple[str, ...]
    cwd: str
    reason: str
    resume_from: str | None = None
    resume_step: int | None = None
    change: str | None = None
    lost: str | None = None


@dataclass(frozen=True)
class KeeperFacts:
    """Everything the keeper wrote, as of the bytes read so far."""

    accepted: say.Accepted | None = None
    keeper: say.KeeperStarted | None = None
    keepers: int = 0
    openings: tuple[Opening, ...] = ()
    requests: tuple[say.Requested, ...] = ()
    asked: tuple[say.Requested, ...] = ()
    """Those since the newest attempt was opened, in the order they were taken up."""
    notes: tuple[say.Noted, ...] = ()
    typed: tuple[say.Typed, ...] = ()
    """The newest word on each key, in the order in which keys were first typed."""
    preparing: say.Preparing | None = None
    unprepared: say.Unprepared | None = None
    planned: say.RecoveryPlanned | None = None
    refused: say.RecoveryRefused | None = None
    dialect: str | None = None
    clocks: tuple[say.ClockMeasured, ...] = ()
    artifacts: say.ArtifactsChecked | None = None
    closed: say.Closed | None = None
    parting: say.Requested | None = None
    """The wish to end that stood when the run was closed."""
    notices: tuple[say.Informed, ...] = ()
    failed: str | None = None
    saves: SaveFacts = NONE
    t: float | None = None
    """When the last fact was written."""

    @property
    def words(self) -> dict[str, str]:
        """What people typed, by key."""
        return {one.key: one.value for one in self.typed if one.value}

    def opening(self, number: int) -> Opening | None:
        return next((o for o in self.openings if o.number == number), None)

    @property
    def wish(self) -> say.Requested | None:
        """The newest word on whether the run shall go on: a stop, a kill or a resume."""
        steering = [r for r in self.asked if r.kind in ("stop", "kill", "resume")]
        return steering[-1] if steering else None


def _opened(facts: KeeperFacts, event: say.AttemptOpened) -> KeeperFacts:
    if facts.opening(event.attempt) is not None:
        return facts
    opening = Opening(
        event.attempt,
        event.t,
        event.machine,
        event.argv,
        event.cwd,
        event.reason,
        event.resume_from,
        event.resume_step,
        event.change,
    )
    return changed(
        facts,
        openings=(*facts.openings, opening),
        asked=(),
        preparing=None,
        unprepared=None,
        closed=None,
        parting=None,
        planned=None,
        refused=None,
        artifacts=None,
    )


def _lost(facts: KeeperFacts, event: say.AttemptLost) -> KeeperFacts:
    openings = tuple(
        changed(o, lost=event.reason) if o.number == event.attempt else o for o in facts.openings
    )
    return changed(facts, openings=openings)


def _requested(facts: KeeperFacts, event: say.Requested) -> KeeperFacts:
    if any(known.id == event.id for known in facts.requests):
        return facts
    return changed(facts, requests=(*facts.requests, event), asked=(*facts.asked, event))


def _closed(facts: KeeperFacts, event: say.Closed) -> KeeperFacts:
    wish = facts.wish
    parting = wish if wish is not None and wish.kind != "resume" else None
    return changed(facts, closed=event, parting=parting, planned=None)


def _noted(facts: KeeperFacts, event: say.Noted) -> KeeperFacts:
    if any(known.id == event.id for known in facts.notes):
        return facts
    return changed(facts, notes=(*facts.notes, event))


def _typed(facts: KeeperFacts, event: say.Typed) -> KeeperFacts:
    known = {one.key: one for one in facts.typed}
    known[event.key] = event
    return changed(facts, typed=tuple(known.values()))


_FOLDS: dict[type[Event], Callable[[KeeperFacts, Any], KeeperFacts]] = {
    say.Accepted: lambda f, e: f if f.accepted else changed(f, accepted=e),
    say.KeeperStarted: lambda f, e: changed(f, keeper=e, keepers=f.keepers + 1, failed=None),
    say.AttemptOpened: _opened,
    say.AttemptLost: _lost,
    say.Preparing: lambda f, e: changed(f, preparing=e, unprepared=None),
    say.Prepared: lambda f, e: changed(f, preparing=None),
    say.Unprepared: lambda f, e: changed(f, preparing=None, unprepared=e),
    say.RecoveryPlanned: lambda f, e: changed(f, planned=e),
    say.RecoveryRefused: lambda f, e: changed(f, refused=e, planned=None),
    say.Requested: _requested,
    say.Noted: _noted,
    say.Typed: _typed,
    say.ClockMeasured: lambda f, e: changed(f, clocks=(*f.clocks, e)),
    say.DialectChosen: lambda f, e: changed(f, dialect=e.dialect),
    say.ArtifactsChecked: lambda f, e: changed(f, artifacts=e),
    say.Closed: _closed,
    say.Informed: lambda f, e: changed(f, notices=(*f.notices, e)),
    say.KeeperFailed: lambda f, e: changed(f, failed=e.error),
}


def fold(facts: KeeperFacts, event: Event) -> KeeperFacts:
    """The facts after one more event of the keeper's segment."""
    save = saves.FOLDS.get(type(event))
    if save is not None:
        step = changed(facts, saves=save(facts.saves, event))
    else:
        step = _FOLDS[type(event)](facts, event)
    return step if event.t is None else changed(step, t=event.t)
