"""Journals told in a few words: a story is a list of (segment, event), folded as a reader folds files."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import count

from engine.events import Event, Row, encode
from engine.events import keeper as k
from engine.events import runner as r
from engine.view import RunFold, View

T0 = 1_790_000_000.0
"""Unix seconds at which every story begins."""

Told = tuple[str, Event | Row]


def accepted() -> Told:
    return "keeper", k.Accepted(
        T0, 1, "tale-20260921-000000-abcd", "tale", "d" * 64, "local", "0", "/work"
    )


def opened(number: int = 1, reason: str = "launch", t: float = T0) -> Told:
    return "keeper", k.AttemptOpened(t, number, "local", ("python3", "train.py"), "/work", reason)


def started(number: int = 1, t: float = T0 + 1) -> list[Told]:
    return [
        (f"{number}/runner", r.RunnerStarted(t, 10, 1, "boot", "0", "3.8", "box", 5.0, 5.0)),
        (f"{number}/runner", r.Started(t, 11, 2, "boot")),
        (f"{number}/runner", r.Beat(t, 0.0, True)),
    ]


def rows(
    losses: Iterable[float], number: int = 1, gap_s: float = 1.0, first: int = 1
) -> Iterator[Told]:
    for step, loss in zip(count(first), losses):
        yield f"{number}/trainer", Row(T0 + 1 + (step - first + 1) * gap_s, step, {"loss": loss})


def exited(
    code: int | None = 0,
    number: int = 1,
    signal: int | None = None,
    oom: bool = False,
    t: float = T0 + 60,
    tail: tuple[str, ...] = (),
) -> Told:
    return f"{number}/runner", r.Exited(t, code, signal, oom, 59.0, None, tail)


def closed(number: int = 1, t: float = T0 + 61) -> Told:
    return "keeper", k.Closed(t, number)


def unprepared(reason: str = "pip ended with 1") -> Told:
    return "keeper", k.Unprepared(T0 + 1, "box", reason)


def live(number: int = 1) -> list[Told]:
    """Accepted, opened and started."""
    return [accepted(), opened(number), *started(number)]


def view(*parts: Told | Iterable[Told]) -> View:
    fold = RunFold()
    for segment, event in flat(parts):
        fold.feed(segment, encode(event))
    return fold.view()


def flat(parts: Iterable[Told | Iterable[Told]]) -> Iterator[Told]:
    for part in parts:
        if isinstance(part, tuple) and part and isinstance(part[0], str):
            yield part  # type: ignore[misc]
        else:
            yield from part  # type: ignore[misc]
