"""What runs have cost and will, by run, by machine and by day. Pure; what has no price is unknown and never 0."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from cockpit.watching.roster import Fleet, Row

_DAY = re.compile(r"-(\d{4})(\d{2})(\d{2})-\d{6}-[0-9a-f]{4}$")
"""When a run was accepted stands in its name, in UTC."""


@dataclass(frozen=True)
class Bill:
    """`whole` is what it will have cost at its end, as things go now."""

    row: Row
    spent: float | None
    rate: float | None
    cap: float | None
    whole: float | None


@dataclass(frozen=True)
class Sum:
    """`unpriced` are runs of which nobody knows what they cost; without any that has a price, `spent` is None."""

    name: str
    runs: int
    live: int
    spent: float | None
    rate: float | None
    unpriced: int


def bills(fleet: Fleet) -> list[Bill]:
    """What costs now first, then what cost most; without a price last."""
    found = [_bill(row, fleet.now) for row in fleet.rows if row.state]
    return sorted(
        found, key=lambda one: (-(one.rate or 0.0), one.spent is None, -(one.spent or 0.0))
    )


def _bill(row: Row, now: float) -> Bill:
    rate = row.rate if row.live else None
    whole = row.spent
    if row.live:
        known = row.spent is not None and rate is not None and row.eta is not None
        whole = (row.spent or 0.0) + (rate or 0.0) * max((row.eta or 0.0) - now, 0.0) / 3600
        whole = whole if known else None
    return Bill(row, row.spent, rate, row.cap, whole)


def by_machine(found: Iterable[Bill]) -> list[Sum]:
    return _sums(found, lambda row: row.host or "—")


def by_day(found: Iterable[Bill]) -> list[Sum]:
    """The newest first."""
    return sorted(_sums(found, _day), key=lambda one: one.name, reverse=True)


def whole(found: Iterable[Bill]) -> Sum:
    return next(iter(_sums(found, lambda row: "all")), Sum("all", 0, 0, None, None, 0))


def _sums(found: Iterable[Bill], name: Callable[[Row], str]) -> list[Sum]:
    parts: dict[str, list[Bill]] = {}
    for one in found:
        parts.setdefault(name(one.row), []).append(one)
    sums = [_sum(key, some) for key, some in parts.items()]
    return sorted(sums, key=lambda one: (one.spent is None, -(one.spent or 0.0), one.name))


def _sum(name: str, some: list[Bill]) -> Sum:
    spent = [one.spent for one in some if one.spent is not None]
    rates = [one.rate for one in some if one.rate is not None]
    return Sum(
        name,
        len(some),
        sum(one.row.live for one in some),
        sum(spent) if spent else None,
        sum(rates) if rates else None,
        len(some) - len(spent),
    )


def _day(row: Row) -> str:
    found = _DAY.search(row.run.id)
    return "-".join(found.groups()) if found else "—"
