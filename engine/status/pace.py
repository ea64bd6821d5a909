"""How long a step takes, and so when the last one will be made."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median, quantiles

from engine.scalars import AttemptFacts
from engine.status.answers import Eta
from engine.view import AttemptView, View

RECENT = 64
"""Gaps between rows that count as recent."""
LEAST = 3
"""Gaps below which no pace is known."""


@dataclass(frozen=True)
class Pace:
    """Seconds a step, and the half of the inter-quartile range around it."""

    step_s: float
    plus_minus_s: float


def pace(progress: Sequence[tuple[int, float]]) -> Pace | None:
    """From (step, time) in their order; a clock that jumps back and a repeated step are left out."""
    gaps = list(_gaps(progress))[-RECENT:]
    if len(gaps) < LEAST:
        return None
    low, _, high = quantiles(gaps, n=4, method="inclusive")
    return Pace(median(gaps), (high - low) / 2)


def eta(progress: Sequence[tuple[int, float]], total: int | None, now: float) -> Eta:
    """None where pace, total or position is unknown. What is overdue is due now."""
    found = pace(progress)
    if found is None or total is None or not progress:
        return Eta()
    step, t = progress[-1]
    left = max(total - step, 0)
    at = t + left * found.step_s
    if not math.isfinite(at):
        return Eta()
    return Eta(max(at, now) if left else at, left * found.plus_minus_s)


def progress(facts: AttemptFacts) -> list[tuple[int, float]]:
    """(step, time) of the window's rows; of rows that share a time only the last counts."""
    found: list[tuple[int, float]] = []
    for sample in facts.tally.recent:
        t = sample.t
        if t is None and facts.source is not None:
            t = facts.runner.when(facts.source, sample.offset)
        if t is None or not math.isfinite(t):
            continue
        if found and found[-1][1] == t:
            found.pop()
        found.append((sample.step, t))
    return found


def trained_s(attempt: AttemptView, now: float) -> float | None:
    """Seconds that an attempt has trained, by its machine's monotonic clock where that is known."""
    length = _length(attempt, now)
    return max(length, 0.0) if length is not None and math.isfinite(length) else None


def _length(attempt: AttemptView, now: float) -> float | None:
    runner = attempt.facts.runner
    if runner.exit is not None and runner.exit.duration_s is not None:
        return runner.exit.duration_s
    end = now if runner.exit is None else runner.exit.t
    if attempt.opening.lost is not None:
        end = runner.t
    if end is None:
        return None
    if runner.beat is not None and runner.beat.t is not None:
        return max(runner.beat.up_s, 0.0) + max(end - runner.beat.t, 0.0)
    return None if runner.started_t is None else end - runner.started_t


def curve(view: View, metric: str) -> list[tuple[int, float]]:
    """(step, value) over the attempts' windows; of a step trained twice the later value counts."""
    kept: list[tuple[int, float]] = []
    for attempt in reversed(view.attempts):
        points = attempt.facts.tally.series(metric)
        if kept:
            points = [point for point in points if point[0] < kept[0][0]]
        kept = points + kept
    return kept


def _gaps(progress: Sequence[tuple[int, float]]) -> Iterator[float]:
    for (step, t), (after, later) in pairwise(progress):
        if after > step and later > t:
            yield (later - t) / (after - step)
