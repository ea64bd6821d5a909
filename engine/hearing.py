"""How a run's console is understood: by which dialect, what others would make of it, whether the trainer's word agrees.

A trainer's own rows are exact and stand above its console. Where both are there they are compared, because a hook that
sits in a script of somebody else could be wrong, and so could a dialect.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from engine.dialects import DIALECTS, Lens, Reader
from engine.dialects.registry import ABOUT
from engine.events import Lines, Row, Segment, decode
from engine.journal import Follower
from engine.reader import chosen_dialect, lens_of
from engine.runs import Attempt, Run

MOST = 4 << 20
"""Bytes of a console that every dialect is tried on."""
RELATIVE, ABSOLUTE = 6e-4, 6e-5
"""A console shows four digits, or four decimals."""
COARSE = {"lightning": 6e-3, "tqdm": 6e-3}
"""Bars show three digits."""


@dataclass(frozen=True)
class Candidate:
    """What one dialect finds in the console's beginning."""

    name: str
    about: str
    rows: int
    losses: int


@dataclass(frozen=True)
class Difference:
    """Where console and trainer first tell another loss for a step."""

    step: int | None
    trainer: float
    console: float


@dataclass(frozen=True)
class Hearing:
    """`dialect` reads; `by` says who decided: a person (chosen), the profile, or the lines themselves (auto)."""

    attempt: int | None
    dialect: str | None
    by: str
    source: str | None
    """trainer or console: whose rows count."""
    steps_by: str | None
    candidates: tuple[Candidate, ...]
    compared: int
    """Losses told by both."""
    differing: int
    first: Difference | None


def hear(run: Run) -> Hearing:
    """Of the newest attempt."""
    attempts, chosen = run.attempts(), chosen_dialect(run)
    if not attempts:
        return Hearing(None, None, "auto", None, None, (), 0, 0, None)
    attempt = attempts[-1]
    lens = lens_of(attempt, chosen)
    reader = Reader(lens)
    console = _console(attempt, reader, None)
    trainer = list(_trainer(attempt))
    pairs = list(_pairs(trainer, console, by_step=reader.steps_by != "count"))
    relative = COARSE.get(reader.name or "", RELATIVE)
    wrong = [pair for pair in pairs if not _near(pair.trainer, pair.console, relative)]
    return Hearing(
        attempt.number,
        reader.name,
        "chosen" if chosen is not None else ("auto" if lens.dialect == "auto" else "profile"),
        "trainer" if trainer else ("console" if console else None),
        reader.steps_by,
        tuple(_candidates(attempt, lens)),
        len(pairs),
        len(wrong),
        wrong[0] if wrong else None,
    )


def _candidates(attempt: Attempt, lens: Lens) -> Iterable[Candidate]:
    for dialect in DIALECTS:
        reader = Reader(Lens(dialect.name, (), lens.names, lens.x, lens.every))
        rows = _console(attempt, reader, MOST)
        losses = sum("loss" in row.values for row in rows)
        yield Candidate(dialect.name, ABOUT[dialect.name], len(rows), losses)


def _console(attempt: Attempt, reader: Reader, most: int | None) -> list[Row]:
    """Rows that tell something."""
    follower, found = Follower(attempt.console), []
    while (data := follower.read().data) and (most is None or follower.offset <= most + len(data)):
        found += reader.feed(data)
    found += reader.pending()
    return [row for row, _ in found if row.values and not row.rank]


def _trainer(attempt: Attempt) -> Iterable[Row]:
    follower, lines = Follower(attempt.trainer), Lines()
    while data := follower.read().data:
        for line, _ in lines.feed(data):
            fact = decode(line, Segment.TRAINER)
            if isinstance(fact, Row) and fact.values and not fact.rank:
                yield fact


def _pairs(trainer: list[Row], console: list[Row], by_step: bool) -> Iterable[Difference]:
    """Losses told by both: of the same step, or in the same place where a console's steps are only counted."""
    told = [row for row in trainer if "loss" in row.values]
    printed = [row for row in console if "loss" in row.values]
    if not by_step:
        for one, other in zip(told, printed, strict=False):
            yield Difference(one.step, one.values["loss"], other.values["loss"])
        return
    known = {row.step: row.values["loss"] for row in told}
    for row in printed:
        if row.step in known:
            yield Difference(row.step, known[row.step], row.values["loss"])


def _near(exact: float, shown: float, relative: float) -> bool:
    if exact != exact or shown != shown:
        return (exact != exact) == (shown != shown)
    return exact == shown or abs(exact - shown) <= max(relative * abs(exact), ABSOLUTE)
