"""A run's facts out of all its segments, in the one order where an order is needed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from engine.cli.words import moment
from engine.clock import ahead_s
from engine.events import Event, Lines, Segment
from engine.events.wire import interpret, parse
from engine.journal import Follower
from engine.runs import Run
from engine.scalars import KeeperFacts
from engine.scalars.keeper import fold
from engine.timeline import BLOCK

FREQUENT = ("beat", "grew", "pulsed")
"""Facts of a clock, which a person looking for what happened does not want to read."""


class Fact(NamedTuple):
    """Sorts as replay does: corrected time, attempt, segment, offset. The keeper's attempt is 0."""

    t: float
    attempt: int
    segment: str
    offset: int
    table: dict[str, Any]


class Facts:
    """Follows every event segment of a run."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._parts: dict[tuple[int, str], tuple[Follower, Lines]] = {}
        self._keeper = KeeperFacts()

    def read(self) -> list[Fact]:
        """What is new, in order."""
        self._meet(0, Segment.KEEPER, Follower(self._run.keeper))
        for attempt in self._run.attempts():
            self._meet(attempt.number, Segment.RUNNER, Follower(attempt.runner))
            self._meet(attempt.number, Segment.TRAINER, Follower(attempt.trainer))
        return sorted(
            (fact for number, part in list(self._parts) for fact in self._new(number, part)),
            key=lambda fact: fact[:4],
        )

    def _meet(self, number: int, segment: Segment, follower: Follower) -> None:
        self._parts.setdefault((number, segment.value), (follower, Lines()))

    def _new(self, number: int, part: str) -> Iterator[Fact]:
        follower, lines = self._parts[number, part]
        ahead = ahead_s(self._keeper, number)
        while (piece := follower.read(BLOCK)).data:
            for line, end in lines.feed(piece.data):
                table = parse(line)
                event = interpret(table, Segment(part)) if table else None
                if table is None or not isinstance(event, Event):
                    continue
                if not number:
                    self._keeper = fold(self._keeper, event)
                t = event.t if event.t is not None and event.t == event.t else 0.0
                yield Fact(t - ahead, number, part, end, table)


def fact_line(fact: Fact) -> str:
    """One line: when, whose, what, and its fields."""
    fields = "  ".join(
        f"{name}={value}" for name, value in fact.table.items() if name not in ("e", "t")
    )
    whose = f"{fact.attempt} {fact.segment}" if fact.attempt else fact.segment
    return f"{moment(fact.t or None)}  {whose:<9}  {fact.table['e']:<18}  {fields}"
