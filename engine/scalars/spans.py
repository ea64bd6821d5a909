"""Each metric over a whole attempt, first to last, and how the ranks' newest steps compare. What the window forgot."""

from __future__ import annotations

import math
from typing import Mapping, NamedTuple

from engine.events import Row

MOST_METRICS = 1024
MOST_RANKS = 4096
TIMES = ("compute_s", "step_s")
"""What a rank tells of its own pace; the first that it tells counts, as `step_s` also holds its waiting."""


class Span(NamedTuple):
    """`low`, `high` and `total` are over the finite values alone; `low` and `high` are None while there is none."""

    first: float
    last: float
    low: float | None
    high: float | None
    total: float
    seen: int


class Spans:
    """The fold over rows of rank 0, for criteria, and over the other ranks' rows, for the straggler rule."""

    def __init__(self) -> None:
        self._spans: dict[str, list[float]] = {}
        self._ranks: dict[int, float] = {}

    @classmethod
    def of(cls, spans: Mapping[str, Span]) -> Spans:
        """As after rows that gave these."""
        found = cls()
        for name, span in spans.items():
            low = math.inf if span.low is None else span.low
            high = -math.inf if span.high is None else span.high
            found._spans[name] = [span.first, span.last, low, high, span.total, span.seen]
        return found

    def take(self, row: Row) -> None:
        """One more row."""
        if row.rank is not None and (row.rank in self._ranks or len(self._ranks) < MOST_RANKS):
            took = next((row.values[name] for name in TIMES if name in row.values), None)
            if took is not None and math.isfinite(took):
                self._ranks[row.rank] = took
        if row.rank:
            return
        for name, value in row.values.items():
            known = self._spans.get(name)
            if known is None:
                if len(self._spans) >= MOST_METRICS:
                    continue
                known = self._spans[name] = [value, value, math.inf, -math.inf, 0.0, 0]
            known[1] = value
            if math.isfinite(value):
                known[2] = min(known[2], value)
                known[3] = max(known[3], value)
                known[4] += value
                known[5] += 1

    def metrics(self) -> dict[str, Span]:
        """Every metric that was told."""
        return {name: _span(known) for name, known in self._spans.items()}

    def ranks(self) -> dict[int, float]:
        """Seconds of the newest step that each rank told."""
        return dict(self._ranks)


def joined(spans: list[Mapping[str, Span]]) -> dict[str, Span]:
    """Of attempts one after the other; what a resume trained again counts twice in the mean."""
    found: dict[str, Span] = {}
    for part in spans:
        for name, after in part.items():
            before = found.get(name)
            found[name] = after if before is None else _after(before, after)
    return found


def _after(before: Span, after: Span) -> Span:
    lows = [low for low in (before.low, after.low) if low is not None]
    highs = [high for high in (before.high, after.high) if high is not None]
    return Span(
        before.first,
        after.last,
        min(lows, default=None),
        max(highs, default=None),
        before.total + after.total,
        before.seen + after.seen,
    )


def _span(known: list[float]) -> Span:
    first, last, low, high, total, count = known
    if not count:
        return Span(one(first), one(last), None, None, total, 0)
    return Span(one(first), one(last), low, high, total, int(count))


def one(value: float) -> float:
    """The same NaN everywhere, so that equal spans are equal."""
    return math.nan if math.isnan(value) else value
