"""A run's own curve as one line of steps: what a resume is held against."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable

from engine import proof, rows
from engine.proof import REFUTED, Point, Proof
from engine.runs import Run
from engine.view import View


def of(run: Run, view: View) -> list[Point]:
    """Step, loss and rate; a step that was trained twice counts as it was last; a refuted attempt does not count."""
    false = {
        attempt.number
        for attempt in view.attempts
        if (said := attempt.facts.runner.resume) is not None and said.verdict == REFUTED
    }
    return line(step for step in rows.steps(run) if step.attempt not in false)


def line(steps: Iterable[rows.Step]) -> list[Point]:
    """Sorted, each step once."""
    found: dict[int, Point] = {}
    for row in steps:
        if row.step is None:
            continue
        loss, rate = row.values.get("loss"), row.values.get("learning_rate")
        before = found.get(row.step)
        if before is not None:
            loss, rate = before[1] if loss is None else loss, before[2] if rate is None else rate
        found[row.step] = (row.step, loss, rate)
    return [found[step] for step in sorted(found)]


def proof_for(
    run: Run, view: View, step: int | None, holds: tuple[str, ...] | None, then: str
) -> Proof:
    """What a resume from this step must show."""
    return dataclasses.replace(proof.expect(step, of(run, view), then), holds=holds or None)
