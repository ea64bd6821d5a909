"""What runs have cost and will, by run, by phase, by machine and by day. Pure; without a price is unknown, never 0."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

_DAY = re.compile(r"-(\d{4})(\d{2})(\d{2})-\d{6}-[0-9a-f]{4}$")
"""When a run was accepted stands in its name, in UTC."""
HOUR_S = 3600.0


@dataclass(frozen=True)
class Priced:
    """What is known of a run's price. `seconds` is the time of its attempts, `phases` that of each phase."""

    run: str
    host: str | None
    live: bool
    spent: float | None = None
    rate: float | None = None
    cap: float | None = None
    eta: float | None = None
    seconds: float | None = None
    foreseen: float | None = None
    """Dollars for all of its steps, at the price and the pace that it began with."""
    phases: Mapping[str, float] = field(default_factory=dict)
    typed: str | None = None
    """What a person said that it cost."""


@dataclass(frozen=True)
class Bill:
    """`whole` is what it will have cost at its end, as things go now."""

    of: Priced
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


def bills(runs: Iterable[Priced], now: float) -> list[Bill]:
    """What costs now first, then what cost most; without a price last."""
    found = [_bill(one, now) for one in runs]
    return sorted(
        found, key=lambda one: (-(one.rate or 0.0), one.spent is None, -(one.spent or 0.0))
    )


def _bill(one: Priced, now: float) -> Bill:
    rate = one.rate if one.live else None
    whole = one.spent
    if one.live:
        known = one.spent is not None and rate is not None and one.eta is not None
        whole = (one.spent or 0.0) + (rate or 0.0) * max((one.eta or 0.0) - now, 0.0) / HOUR_S
        whole = whole if known else None
    return Bill(one, one.spent, rate, one.cap, whole)


def by_machine(found: Iterable[Bill]) -> list[Sum]:
    return _sums(found, lambda one: one.host or "—")


def by_day(found: Iterable[Bill]) -> list[Sum]:
    """The newest first."""
    return sorted(_sums(found, _day), key=lambda one: one.name, reverse=True)


def by_phase(found: Iterable[Bill]) -> list[tuple[str, str, float, float | None]]:
    """Run, phase, seconds, and dollars where a price is known."""
    return [
        (
            one.of.run,
            phase,
            seconds,
            None if one.of.rate is None else seconds * one.of.rate / HOUR_S,
        )
        for one in found
        for phase, seconds in one.of.phases.items()
    ]


def whole(found: Iterable[Bill]) -> Sum:
    return next(iter(_sums(found, lambda one: "all")), Sum("all", 0, 0, None, None, 0))


def _sums(found: Iterable[Bill], name: Callable[[Priced], str]) -> list[Sum]:
    parts: dict[str, list[Bill]] = {}
    for one in found:
        parts.setdefault(name(one.of), []).append(one)
    sums = [_sum(key, some) for key, some in parts.items()]
    return sorted(sums, key=lambda one: (one.spent is None, -(one.spent or 0.0), one.name))


def _sum(name: str, some: list[Bill]) -> Sum:
    spent = [one.spent for one in some if one.spent is not None]
    rates = [one.rate for one in some if one.rate is not None]
    return Sum(
        name,
        len(some),
        sum(one.of.live for one in some),
        sum(spent) if spent else None,
        sum(rates) if rates else None,
        len(some) - len(spent),
    )


def _day(one: Priced) -> str:
    found = _DAY.search(one.run)
    return "-".join(found.groups()) if found else "—"
