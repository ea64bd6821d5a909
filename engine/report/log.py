"""The session log: an entry for each run, newest first, and the tables over all of them. Nothing is rendered here."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from engine.compare.comparison import courses_of, side_of
from engine.compare.verdict import Side, metric_of, obstacles
from engine.curves import Whole
from engine.report.entry import Entry, entry
from engine.report.said import NOTHING, Said, said

_MONEY = re.compile(r"[~≈]?\s*\$\s?([\d,]*\.?\d+)")


@dataclass(frozen=True)
class Session:
    """An entry by its number in the log; the oldest is 1 and keeps its number."""

    number: int
    entry: Entry

    @property
    def name(self) -> Said:
        """What the model is called in tables."""
        told = self.entry.typed.get("name")
        return Said(told, True) if told else self.entry.output.name

    @property
    def loss(self) -> Said:
        """The last loss, or what a person called final."""
        whole = self.entry.whole
        typed = dict(self.entry.results).get("Final Loss", NOTHING)
        return next((one for one in (whole.last, whole.loss, typed) if one != NOTHING), NOTHING)

    @property
    def time(self) -> Said:
        typed = dict(self.entry.results).get("Training Time", NOTHING)
        found = (self.entry.whole.time, self._typed("cost.duration"), typed)
        return next((one for one in found if one != NOTHING), NOTHING)

    @property
    def cost(self) -> Said:
        return said(
            None if self.entry.whole.cost == NOTHING else self.entry.whole.cost.text,
            self.entry.typed.get("cost.dollars"),
        )

    @property
    def gpu(self) -> Said:
        """As costs are told by: a typed name of its price list, else what was measured."""
        typed = self._typed("cost.gpu")
        return typed if typed != NOTHING else self.entry.fact("GPU")

    def _typed(self, key: str) -> Said:
        return said(None, self.entry.typed.get(key))


@dataclass(frozen=True)
class Log:
    """`incomparable` says of a session why its loss is no number to hold against the newest's."""

    sessions: tuple[Session, ...]
    incomparable: Mapping[int, str]
    total: Said

    @property
    def models(self) -> list[Session]:
        """Sessions that came to a loss."""
        return [one for one in self.sessions if one.loss != NOTHING]

    @property
    def registered(self) -> list[Session]:
        """Sessions with something to keep."""
        return [one for one in self.sessions if one.entry.output.path != NOTHING]

    @property
    def paid(self) -> list[Session]:
        return [one for one in self.sessions if one.time != NOTHING or one.cost != NOTHING]

    @property
    def benchmarks(self) -> list[str]:
        told = (name for one in self.sessions for name in one.entry.evaluations)
        return list(dict.fromkeys(told))


def log(runs: Iterable[Whole], numbers: Mapping[str, int]) -> Log:
    """`runs` come oldest first; `numbers` are those that runs have in the log already."""
    entries: list[tuple[Entry, Side]] = []
    for one in runs:
        courses = list(courses_of(one, ("eval_loss", "loss"), "step", None))
        found, side = entry(one), side_of(one, courses)
        known = {"data.rows": found.rows.text} if found.rows.typed else {}
        entries.append((found, replace(side, typed={**side.typed, **known})))
    sessions = [
        Session(number, found)
        for number, (found, _) in zip(_numbered(entries, numbers), entries, strict=True)
    ]
    sides = {s.number: side for s, (_, side) in zip(sessions, entries, strict=True)}
    ordered = tuple(sorted(sessions, key=lambda one: -one.number))
    return Log(ordered, dict(_incomparable(ordered, sides)), _total(ordered))


def _numbered(entries: Sequence[tuple[Entry, Side]], numbers: Mapping[str, int]) -> Iterator[int]:
    """Typed numbers, then those it had, then the next."""
    taken = {*numbers.values(), 0}
    for found, _ in entries:
        typed = found.typed.get("session", "")
        number = numbers.get(found.run) or (int(typed) if typed.isdigit() and len(typed) < 7 else 0)
        if not number or (number in taken and found.run not in numbers):
            number = max(taken) + 1
        taken.add(number)
        yield number


def _incomparable(
    sessions: Sequence[Session], sides: Mapping[int, Side]
) -> Iterator[tuple[int, str]]:
    shown = [one for one in sessions if one.loss != NOTHING]
    for one in shown[1:]:
        side, newest = sides[one.number], sides[shown[0].number]
        why = list(obstacles(side, newest, metric_of((side, newest)) or "loss"))
        if why:
            yield one.number, "; ".join(why)


def _total(sessions: Sequence[Session]) -> Said:
    """Of all that have a price; typed where one of its parts is."""
    told = [one.cost for one in sessions if one.cost != NOTHING]
    amounts = [
        (float(found[1].replace(",", "")), one)
        for one in told
        if (found := _MONEY.search(one.text))
    ]
    if not amounts:
        return NOTHING
    about = "~" if any(one.text.lstrip()[:1] in "~≈" for _, one in amounts) else ""
    return Said(
        f"{about}${sum(amount for amount, _ in amounts):,.2f}", any(one.typed for _, one in amounts)
    )
