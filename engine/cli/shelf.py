"""A run's checkpoints as verbs see and change them, on whichever machine they lie."""

from __future__ import annotations

import dataclasses

from engine import hosts
from engine.checkpoints import HERE, Checkpoint, afar, retention
from engine.cli import words
from engine.cli.output import Output
from engine.errors import Problem, Unusable
from engine.profile import Profile
from engine.runs import Run
from engine.shelf import acts
from engine.view import View


@dataclasses.dataclass(frozen=True)
class Listed:
    """A run's checkpoints at this moment."""

    run: Run
    view: View
    profile: Profile
    known: list[Checkpoint] = dataclasses.field(default_factory=list)


def look_there(listed: Listed, out: Output, every_byte: bool = False) -> None:
    """Another machine is asked; where it cannot be, what is known of it is shown and its age said."""
    host = afar.host_of(listed.view)
    if host is None:
        return
    from engine.machines import visit

    question = afar.question(listed.view, listed.profile)
    try:
        there = hosts.find(host)
        if every_byte:
            (answer,) = visit.shelf(there, acts.find(question, every_byte=True))
        else:
            answer = visit.checkpoints(there, question)
    except Problem as error:
        if every_byte:
            raise
        known = afar.answered(listed.run)
        when = "as they were told" if known is None else f"as of {words.moment(known.t)}"
        out.say(f"{host} cannot be asked ({error}); checkpoints are shown {when}")
        return
    afar.keep(listed.run, question, answer)


def done(listed: Listed, act: acts.Act) -> acts.Answer:
    """Where the checkpoints lie."""
    host = afar.host_of(listed.view)
    if host is None:
        return acts.do(act)
    from engine.machines import visit

    return visit.shelf(hosts.find(host), act)[0]


def here(listed: Listed, one: Checkpoint) -> Checkpoint:
    """It, or the copy of it that was brought here from another machine."""
    found = _brought(listed, one)
    if found is None:
        host = afar.host_of(listed.view)
        fix = "engine pull RUN brings the newest one here"
        raise Unusable(f"{one.name} lies on {host}", fix=fix)
    return found


def at_hand(listed: Listed) -> list[Checkpoint]:
    """All that can be opened here."""
    found = (_brought(listed, one) for one in listed.known)
    return [one for one in found if one is not None]


def _brought(listed: Listed, one: Checkpoint) -> Checkpoint | None:
    if not afar.is_far(one):
        return one
    for told in reversed(listed.view.keeper.saves.pulled):
        if told.path == one.path:
            return dataclasses.replace(one, path=told.copy, places=(HERE,))
    return None


def room(listed: Listed) -> retention.Room | None:
    """On the disk where they lie."""
    if afar.host_of(listed.view) is None:
        return retention.room(listed.known, listed.run.folder)
    answer = afar.answered(listed.run)
    free = answer.free if answer else None
    return None if free is None else retention.for_more(listed.known, free)
