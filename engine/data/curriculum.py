"""Phases drawn from a stock of rows by domain and tier: what each asked, what it can have, and what stands in the way.

Pure: counts in, counts out. Which rows they are is decided by `drawing`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import Enum

from engine.data import blocks, mix, pool
from engine.data.mix import Counts
from engine.data.pool import Pool
from engine.profile.tables.data import Phase

PARTS = 1000
"""How finely a curriculum is scaled."""
MISSING = "no such domain in the buckets"
TIERS = ("easy", "medium", "hard", "extremely_complex")
FOCUS = (
    "federal_income_tax estate_planning insurance compliance securities_regulation trade_execution"
    " aml_kyc derivatives"
)
DEFAULTS = (
    Phase(
        id="A", purpose="one domain at a time, to learn each", quota=1000,
        mix={"easy": 35, "medium": 35, "hard": 25, "extremely_complex": 5},
    ),
    Phase(
        id="B", purpose="all domains together, to generalise", rows=10_000, cap=0.15,
        mix={"easy": 20, "medium": 40, "hard": 30, "extremely_complex": 10},
    ),
    Phase(
        id="C", purpose="stress: the hard and the risky", rows=5_000, focus=tuple(FOCUS.split()),
        mix={"easy": 10, "medium": 25, "hard": 35, "extremely_complex": 30},
    ),
)  # fmt: skip
"""The three phases for who writes none."""


class Accept(Enum):
    """What a phase that cannot have what it asked is given instead."""

    LARGEST = "largest"
    """Fewer rows, with the mix exactly as asked."""
    NEAREST = "nearest"
    """As many rows as there are, with the nearest mix."""


@dataclass(frozen=True)
class Composition:
    """What a phase asked of what was left for it, and the two things it can be given."""

    phase: Phase
    tiers: tuple[str, ...]
    stock: Counts
    """Rows of the domains that take part."""
    away: tuple[tuple[str, str], ...]
    """Domains that do not take part, each with the reason."""
    asked: int
    largest: Counts
    nearest: Counts
    why: tuple[str, ...]
    """What stands in the way of the ask; empty where it is met."""

    @property
    def met(self) -> bool:
        return not self.why and 0 < mix.total(self.largest) == self.asked

    def chosen(self, accept: Accept) -> Counts:
        return self.nearest if accept is Accept.NEAREST else self.largest


def compose(phase: Phase, tiers: Sequence[str], stock: Counts) -> Composition:
    """One phase against the rows left for it."""
    taking = dict(_taking(phase, stock))
    away = tuple(_away(phase, stock))
    asking = Pool(phase, tuple(tiers), taking)
    if phase.quota is not None and phase.cap is None:
        asked = min(phase.rows or 1 << 62, phase.quota * len(taking))
        largest, near = blocks.exact(asking, phase.rows), blocks.nearest(asking, phase.rows)
        why = [] if mix.total(largest) == asked else blocks.binding(asking)
    else:
        asked = phase.rows or asking.held
        largest = pool.exact(asking, asked)
        near = largest if mix.total(largest) == asked else pool.nearest(asking, asked)
        why = pool.binding(asking, asked)
    why += _below(phase, largest) + _unmet(phase, taking)
    return Composition(phase, tuple(tiers), taking, away, asked, largest, near, tuple(why))


def plan(
    phases: Iterable[Phase], tiers: Sequence[str], stock: Counts, accept: Accept
) -> Iterator[Composition]:
    """The phases in turn; each draws from what those before it left, unless it may use rows again."""
    left = stock
    for phase in phases:
        found = compose(phase, tiers, stock if phase.reuse else left)
        if not phase.reuse:
            left = mix.less(left, found.chosen(accept))
        yield found


def fitted(phases: Sequence[Phase], tiers: Sequence[str], stock: Counts) -> tuple[Phase, ...]:
    """The phases in the same proportion to each other, as large as all of them fit into the stock together.

    For numbers that nobody told: else the first phase would take what the last one needs.
    """

    def fits(parts: int) -> bool:
        found = plan([_scaled(p, parts) for p in phases], tiers, stock, Accept.LARGEST)
        return all(one.largest and (one.phase.quota or one.met) for one in found)

    low, high = 0, PARTS
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if fits(middle) else (low, middle - 1)
    return tuple(_scaled(phase, low) for phase in phases) if low else tuple(phases)


def _scaled(phase: Phase, parts: int) -> Phase:
    rows = None if phase.rows is None else max(1, phase.rows * parts // PARTS)
    quota = None if phase.quota is None else max(1, phase.quota * parts // PARTS)
    return replace(phase, rows=rows, quota=quota)


def _taking(phase: Phase, stock: Counts) -> Iterator[tuple[str, dict[str, int]]]:
    for domain, tiers in stock.items():
        held = {tier: rows for tier, rows in tiers.items() if rows}
        if (
            held
            and (not phase.domains or domain in phase.domains)
            and sum(held.values()) >= (phase.minimum or 0)
        ):
            yield domain, held


def _away(phase: Phase, stock: Counts) -> Iterator[tuple[str, str]]:
    for domain, tiers in stock.items():
        rows = sum(tiers.values())
        if phase.domains and domain not in phase.domains:
            continue
        if rows == 0:
            yield domain, "no row"
        elif rows < (phase.minimum or 0):
            yield domain, f"{rows:,} rows, {phase.minimum:,} at least"
    for domain in dict.fromkeys((*phase.domains, *phase.focus)):
        if domain not in stock:
            yield domain, MISSING


def _below(phase: Phase, counts: Counts) -> list[str]:
    """Domains that take part with less than the phase's minimum."""
    rows = mix.by_domain(counts)
    low = [d for d, n in rows.items() if n < (phase.minimum or 0)]
    return [f"minimum {phase.minimum:,}: {d} has {rows[d]:,}" for d in low[:5]]


def _unmet(phase: Phase, taking: Counts) -> list[str]:
    """Caps that no number of rows can meet, told as the arithmetic that says so."""
    if not taking:
        return ["no domain with rows takes part"]
    if phase.cap is not None and len(taking) * mix.exactly(phase.cap) < 1:
        need = -(-1 // mix.exactly(phase.cap))
        return [
            f"cap {phase.cap:g} of a domain needs {need} domains at least, {len(taking)} take part"
        ]
    return []
