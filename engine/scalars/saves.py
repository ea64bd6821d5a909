"""A keeper's facts about checkpoints folded: the newest word on each path."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Callable

from engine.events import Event
from engine.events import saves as say


@dataclass(frozen=True)
class SaveFacts:
    """`commits` are in the order they were made, each path once, as it is now."""

    commits: tuple[say.Committed, ...] = ()
    aside: tuple[say.SetAside, ...] = ()
    protected: tuple[say.Protected, ...] = ()
    restored: tuple[say.Restored, ...] = ()
    certified: tuple[say.Certified, ...] = ()
    pins: frozenset[str] = frozenset()
    pushed: tuple[say.Pushed, ...] = ()
    pulled: tuple[say.Pulled, ...] = ()
    """Each path of an attempt once, as it came last."""
    settled: say.PullSettled | None = None
    ids: frozenset[str] = frozenset()
    """Of the requests that were carried out."""


NONE = SaveFacts()


def _committed(facts: SaveFacts, event: say.Committed) -> SaveFacts:
    others = tuple(one for one in facts.commits if one.path != event.path)
    aside = tuple(one for one in facts.aside if one.path != event.path)
    return replace(facts, commits=(*others, event), aside=aside)


def _set_aside(facts: SaveFacts, event: say.SetAside) -> SaveFacts:
    others = tuple(one for one in facts.aside if one.path != event.path)
    commits = tuple(one for one in facts.commits if one.path != event.path)
    return replace(facts, aside=(*others, event), commits=commits)


def _pinned(facts: SaveFacts, event: say.Pinned) -> SaveFacts:
    pins = facts.pins | {event.path} if event.pinned else facts.pins - {event.path}
    return replace(facts, pins=pins, ids=facts.ids | {event.id})


def _pruned(facts: SaveFacts, event: say.Pruned) -> SaveFacts:
    gone = set(event.paths)
    return replace(
        facts,
        commits=tuple(one for one in facts.commits if one.path not in gone),
        aside=tuple(one for one in facts.aside if one.path not in gone),
        ids=facts.ids | {event.id},
    )


def _pushed(facts: SaveFacts, event: say.Pushed) -> SaveFacts:
    return replace(facts, pushed=(*facts.pushed, event), ids=facts.ids | {event.id})


def _pulled(facts: SaveFacts, event: say.Pulled) -> SaveFacts:
    one = (event.attempt, event.path)
    others = tuple(known for known in facts.pulled if (known.attempt, known.path) != one)
    return replace(facts, pulled=(*others, event))


FOLDS: dict[type[Event], Callable[[SaveFacts, Any], SaveFacts]] = {
    say.Committed: _committed,
    say.SetAside: _set_aside,
    say.Protected: lambda f, e: replace(f, protected=(*f.protected, e)),
    say.Restored: lambda f, e: replace(f, restored=(*f.restored, e)),
    say.Certified: lambda f, e: replace(f, certified=(*f.certified, e)),
    say.Pinned: _pinned,
    say.Pruned: _pruned,
    say.Pushed: _pushed,
    say.Pulled: _pulled,
    say.PullSettled: lambda f, e: replace(f, settled=e, ids=f.ids | set(e.ids)),
}
