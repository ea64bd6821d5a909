"""What some runs differ in: how they stand, then profile, data, code, environment and machine, key by key. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from engine.cli import words
from engine.display import display
from engine.status import Status

TEXT = 40
GROUPS = ("status", "profile", "data", "code", "environment", "machine")
_OF = {
    "data": "data",
    "phase": "data",
    "command": "code",
    "workspace": "environment",
    "secrets": "environment",
}
"""Tables of a profile that belong to another group than their own."""


@dataclass(frozen=True)
class Row:
    """One thing said of each run, in their order."""

    name: str
    values: tuple[str, ...]
    group: str = "profile"
    """One of GROUPS; `status` is how it stands, not what was asked for."""

    @property
    def fact(self) -> bool:
        return self.group == "status"

    @property
    def same(self) -> bool:
        return len(set(self.values)) == 1


def differences(
    tables: Sequence[Mapping[str, Any]],
    statuses: Sequence[Status | None],
    found: Sequence[Mapping[str, Mapping[str, str]]] = (),
) -> list[Row]:
    """How they stand first, then what they were asked and what was found there, differences before what is equal.

    `found` has for each run what was measured, by group and name.
    """
    asked = [*_asked(tables), *_found(found)]
    return [*_facts(statuses), *sorted(asked, key=lambda row: (row.same, GROUPS.index(row.group)))]


def _facts(status: Sequence[Status | None]) -> Iterator[Row]:
    yield _fact("state", tuple(display(s.word, TEXT) if s else "…" for s in status))
    yield _fact("step", tuple(words.progress(s.step, s.total) if s else "…" for s in status))
    for metric in ("loss", "eval_loss"):
        told = tuple(words.figure(s.metrics.get(metric)) if s else "…" for s in status)
        if set(told) - {words.MISSING}:
            yield _fact(metric, told)
    best = tuple(
        f"{words.figure(s.best.value)} @ {words.count(s.best.step)}" if s else "…" for s in status
    )
    yield _fact("best", best)
    yield _fact("spent", tuple(words.money(s.cost.spent) if s else "…" for s in status))


def _fact(name: str, values: tuple[str, ...]) -> Row:
    return Row(name, values, "status")


def _asked(tables: Sequence[Mapping[str, Any]]) -> Iterator[Row]:
    told = [dict(flat(table)) for table in tables]
    for name in dict.fromkeys(name for one in told for name in one):
        group = _OF.get(name.partition(".")[0], "profile")
        yield Row(name, tuple(one.get(name, words.MISSING) for one in told), group)


def _found(found: Sequence[Mapping[str, Mapping[str, str]]]) -> Iterator[Row]:
    for group in GROUPS:
        told = [one.get(group, {}) for one in found]
        for name in dict.fromkeys(name for one in told for name in one):
            yield Row(name, tuple(one.get(name, words.MISSING) for one in told), group)


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
