"""Which checkpoint a rollback goes back to: of those from before the alarm, the one nearest to the best loss. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from engine.checkpoints import Checkpoint
from engine.scalars import RunnerFacts
from engine.view import View

MOST = 2
"""Rollbacks of a run, where `[recover] attempts` does not allow more: what diverges again needs a person."""


def asked(runner: RunnerFacts) -> bool:
    """A rule of the profile ended the attempt in order to go back."""
    return any(rule.action == "rollback" for rule in runner.rules)


def target(found: Sequence[Checkpoint], view: View) -> Checkpoint | None:
    """None where nothing was saved before the alarm: what was saved later may hold what is broken."""
    fired = view.last.facts.runner.rules if view.last else ()
    since = min((rule.step for rule in fired if rule.step is not None), default=None)
    known = [one for one in found if one.step is not None]
    before = [one for one in known if since is None or (one.step or 0) < since]
    best = view.best()
    if not before:
        return None
    if best is None:
        return max(before, key=lambda one: one.step or 0)
    aim = best[1].step
    return min(before, key=lambda one: (abs((one.step or 0) - aim), -(one.step or 0)))
