"""What some runs differ in: their frozen profiles key by key, and how they stand. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cockpit.watching.moment import Moment
from engine.cli import words
from engine.display import display

TEXT = 40


@dataclass(frozen=True)
class Row:
    """One thing said of each run, in their order."""

    name: str
    values: tuple[str, ...]
    fact: bool = False
    """How it stands, not what was asked for."""

    @property
    def same(self) -> bool:
        return len(set(self.values)) == 1


def differences(tables: Sequence[Mapping[str, Any]], moments: Sequence[Moment | None]) -> list[Row]:
    """How they stand first, then what they were asked, differences before what is equal."""
    asked = list(_asked(tables))
    return [*_facts(moments), *sorted(asked, key=lambda row: row.same)]


def _facts(moments: Sequence[Moment | None]) -> Iterator[Row]:
    status = [None if moment is None else moment.status for moment in moments]
    yield Row("state", tuple(display(s.word, TEXT) if s else "…" for s in status), True)
    yield Row("step", tuple(words.progress(s.step, s.total) if s else "…" for s in status), True)
    for metric in ("loss", "eval_loss"):
        told = tuple(words.figure(s.metrics.get(metric)) if s else "…" for s in status)
        if set(told) - {words.MISSING}:
            yield Row(metric, told, True)
    best = tuple(
        f"{words.figure(s.best.value)} @ {words.count(s.best.step)}" if s else "…" for s in status
    )
    yield Row("best", best, True)
    yield Row("spent", tuple(words.money(s.cost.spent) if s else "…" for s in status), True)


def _asked(tables: Sequence[Mapping[str, Any]]) -> Iterator[Row]:
    told = [dict(flat(table)) for table in tables]
    names = dict.fromkeys(name for one in told for name in one)
    for name in names:
        yield Row(name, tuple(one.get(name, words.MISSING) for one in told))


def flat(table: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, str]]:
    """Every key of a table of tables with its value as text."""
    for name, value in table.items():
        path = f"{prefix}{display(str(name), TEXT)}"
        if isinstance(value, dict):
            yield from flat(value, f"{path}.")
        elif isinstance(value, list):
            yield path, display(", ".join(_told(one) for one in value), TEXT)
        else:
            yield path, _told(value)


def _told(value: object) -> str:
    if isinstance(value, dict):
        return display("; ".join(f"{k} {_told(v)}" for k, v in value.items()), TEXT)
    if isinstance(value, float):
        return f"{value:.6g}"
    return display(str(value).lower() if isinstance(value, bool) else str(value), TEXT)
