"""What has a place on the axis of a run's life: checkpoints, resumes, phases, rules, notes. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from cockpit.plot.curve import Mark, MarkKind, Span
from engine.clock import ahead_s
from engine.curves.rulers import Ruler
from engine.display import display
from engine.status import Status
from engine.view import AttemptView, View

if TYPE_CHECKING:
    from engine.checkpoints import Checkpoint

TEXT = 60


@dataclass(frozen=True)
class Milestone:
    """`t` is Unix seconds by the user's clock. A step or a time may be unknown, not both."""

    kind: MarkKind
    text: str
    step: int | None = None
    t: float | None = None


def milestones(view: View, status: Status, saves: Sequence[Checkpoint] = ()) -> list[Milestone]:
    """In the order of attempts; the run's own words are made harmless. `saves` lie on the disk unannounced, or not."""
    found = [one for attempt in view.attempts for one in _attempt(view, attempt)]
    told = {one.step for one in found if one.kind == "checkpoint"}
    found += [
        Milestone("checkpoint", display(one.name, TEXT), one.step, one.t)
        for one in sorted(saves, key=lambda one: one.step or 0)
        if one.step is not None and one.step not in told
    ]
    found += [Milestone("note", display(note.text, TEXT), t=note.t) for note in view.keeper.notes]
    if status.exit_status is None:
        found += [
            Milestone("alert", display(need.alarm, TEXT), need.step, need.since)
            for need in status.needs
        ]
    if status.best.step is not None:
        text = f"best {display(status.best.metric or '', TEXT)}"
        found.append(Milestone("best", text, status.best.step))
    return found


def _attempt(view: View, attempt: AttemptView) -> Iterator[Milestone]:
    facts, ahead = attempt.facts, ahead_s(view.keeper, attempt.number)
    if attempt.number != view.attempts[0].number:
        step = facts.tally.first_step
        reason = display(attempt.opening.reason, TEXT)
        yield Milestone("resume", f"attempt {attempt.number}: {reason}", step, attempt.opening.t)
    for phase in facts.trainer.phases:
        yield Milestone("phase", display(phase.phase, TEXT), phase.step, _there(phase.t, ahead))
    for saved in facts.trainer.saved:
        name = display(saved.path.rstrip("/").rsplit("/", 1)[-1], TEXT)
        yield Milestone("checkpoint", name, saved.step, _there(saved.t, ahead))
    for rule in facts.runner.rules:
        text = f"{display(rule.alarm, TEXT)}: {display(rule.action, TEXT)}"
        yield Milestone("alert", text, rule.step, _there(rule.t, ahead))


def _there(t: float | None, ahead: float) -> float | None:
    return None if t is None else t - ahead


def marks(found: Sequence[Milestone], ruler: Ruler) -> tuple[Mark, ...]:
    """Those that have a place on this axis."""
    placed = ((one, ruler.of(one.step, one.t)) for one in found)
    return tuple(Mark(x, one.kind, one.text) for one, x in placed if x is not None)


def redone(view: View, ruler: Ruler) -> tuple[Span, ...]:
    """Steps that were trained twice, between where an attempt began and where the one before had come to."""
    found = []
    if ruler.kind not in ("step", "tokens"):
        return ()
    for before, after in pairwise(view.attempts):
        begin, end = after.facts.tally.first_step, before.facts.tally.step
        if begin is not None and end is not None and begin <= end:
            first, last = ruler.of(begin, None), ruler.of(end, None)
            if first is not None and last is not None:
                found.append(Span(first, last))
    return tuple(found)
