"""One phase that draws a number of rows from all domains at once: tiers x domains x caps, solved as a maximum flow.

    source ── tier's target ──► tier ── bucket's rows ──► domain ── cap ──► (others) ──► sink

Domains are filled evenly: their caps rise level by level, the ones in focus first, so that a small domain is used up
before a large one dominates.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property

from engine.data import mix
from engine.data.flow import Network
from engine.data.mix import Counts
from engine.profile.tables.data import Phase

SOURCE, SINK, OTHERS = ("source",), ("sink",), ("others",)
GROWTH = 1.25
"""A level over the one before it: how finely domains are filled evenly."""


@dataclass(frozen=True)
class Pool:
    """What a phase asks of a stock. `stock` holds only the domains that take part."""

    phase: Phase
    tiers: tuple[str, ...]
    stock: Counts
    _known: dict[int, dict[str, int]] = field(default_factory=dict, compare=False)

    @cached_property
    def held(self) -> int:
        return mix.total(self.stock)

    @cached_property
    def parts(self) -> dict[str, Fraction]:
        return mix.shares(self.phase.mix, self.tiers)

    def targets(self, rows: int, loose: bool = False) -> dict[str, int]:
        """Rows of each tier; without a mix as many of each as there are."""
        if not self.parts:
            return dict.fromkeys(self.tiers, rows)
        if loose:
            return {tier: int(rows * part) for tier, part in self.parts.items()}
        if rows not in self._known:
            self._known[rows] = mix.apportion(rows, self.parts)
        return self._known[rows]

    def whole(self, rows: int) -> bool:
        """Whether so many rows can hold the mix: a tier that is asked for and rounds to nothing breaks it."""
        asked = [tier for tier, part in self.parts.items() if part]
        return not asked or min(self.targets(rows)[tier] for tier in asked) > 0

    def cap(self, rows: int, loose: bool = False) -> int:
        quota = self.phase.quota
        cap = mix.at_most(self.phase.cap, rows, loose)
        return cap if quota is None else min(cap, quota)


class Solution:
    """The flow for a number of rows; `mixed` holds the tiers to their targets."""

    def __init__(self, pool: Pool, rows: int, mixed: bool = True, loose: bool = False) -> None:
        self.pool, self.rows, self.mixed = pool, rows, mixed
        self.targets = pool.targets(rows, loose) if mixed else dict.fromkeys(pool.tiers, rows)
        self.cap = pool.cap(rows, loose)
        self.net = Network()
        self._room = self.net.arc(("start",), SOURCE, rows)
        self._tiers = {t: self.net.arc(SOURCE, ("tier", t), n) for t, n in self.targets.items()}
        self._buckets = {
            (domain, tier): self.net.arc(("tier", tier), ("domain", domain), have)
            for domain, tiers in pool.stock.items()
            for tier, have in tiers.items()
            if have and tier in self.targets
        }
        focus, share = set(pool.phase.focus), pool.phase.focus_share
        self._domains = {
            d: self.net.arc(("domain", d), SINK if d in focus or share is None else OTHERS, 0)
            for d in pool.stock
        }
        self.others = rows - mix.at_least(share, rows, loose)
        self.net.arc(OTHERS, SINK, self.others)

    def total(self) -> int:
        """The most rows that flow, however they are spread."""
        self._raise(self.cap, set(self._domains))
        return self.net.flow(self._room)

    def spread(self) -> Counts:
        """The rows of a maximum flow, spread evenly: first every minimum, then the focus, then the rest."""
        everyone = set(self._domains)
        focus = everyone & set(self.pool.phase.focus)
        self._raise(min(self.pool.phase.minimum or 0, self.cap), everyone)
        for stage in (focus, everyone):
            for level in levels(self.cap) if stage else ():
                self._raise(level, stage)
        return self.counts()

    def relax(self) -> Counts:
        """Let the tiers have more than their targets where rows are missing."""
        for arc in self._tiers.values():
            self.net.widen(arc, self.rows)
        self._raise(self.cap, set(self._domains))
        return self.counts()

    def counts(self) -> Counts:
        found: dict[str, dict[str, int]] = {}
        for (domain, tier), arc in self._buckets.items():
            if flow := self.net.flow(arc):
                found.setdefault(domain, {})[tier] = flow
        return found

    def tier_flows(self) -> Mapping[str, int]:
        return {tier: self.net.flow(arc) for tier, arc in self._tiers.items()}

    def _raise(self, level: int, domains: set[str]) -> None:
        for domain, arc in self._domains.items():
            if domain in domains and level > self.net.flow(arc):
                self.net.widen(arc, level)
        self.net.push(("start",), SINK)


def levels(top: int) -> list[int]:
    """1, 2, 3, … then in steps of a quarter, up to the top."""
    found, level = [], 1
    while level < top:
        found.append(level)
        level = max(level + 1, int(level * GROWTH))
    return [*found, top]


def most(pool: Pool, rows: int, mixed: bool = True) -> int:
    """The largest number of rows, up to `rows`, that can be had with every cap held on that very number."""

    def could(number: int) -> bool:
        asked = Solution(pool, number, mixed, loose=True)
        wanted = sum(asked.targets.values()) if mixed and pool.phase.mix else number
        return asked.total() >= wanted

    def can(number: int) -> bool:
        whole = not mixed or pool.whole(number)
        return whole and Solution(pool, number, mixed).total() == number

    return mix.largest(min(rows, pool.held), could, can)


def exact(pool: Pool, rows: int) -> Counts:
    """As many rows as the mix and the caps allow, up to `rows`."""
    return Solution(pool, most(pool, rows)).spread()


def nearest(pool: Pool, rows: int) -> Counts:
    """As many rows as the caps allow: as asked in every tier that can, the rest from tiers that have more."""
    solution = Solution(pool, most(pool, rows, mixed=False))
    solution.targets = pool.targets(solution.rows)
    solution.spread()
    return solution.relax()


def binding(pool: Pool, rows: int) -> list[str]:
    """What stands in the way of so many rows, from the minimum cut; nothing where they can be had."""
    solution = Solution(pool, rows)
    if not pool.whole(rows):
        return [f"{rows:,} rows are too few for every tier of the mix to have one"]
    if solution.total() == rows:
        return []
    inside = solution.net.within(("start",))
    got, found = solution.tier_flows(), []
    if not pool.phase.mix:
        had = sum(got.values())
        held = f"{pool.held:,} in {len(pool.stock)} domains, {solution.cap:,} of one at most"
        found.append(f"{rows:,} rows asked, {had:,} can be had; the buckets hold {held}")
    for tier, wanted in solution.targets.items() if pool.phase.mix else ():
        if got[tier] < wanted:
            found.append(_tier(solution, inside, (tier, wanted, got[tier])))
    if OTHERS in inside and SINK not in inside:
        share = pool.phase.focus_share or 0
        found.append(
            f"focus_share {share:g}: at most {solution.others:,} of {rows:,} rows may be out of focus"
        )
    return found


def _tier(solution: Solution, inside: set[object], short: tuple[str, int, int]) -> str:
    tier, wanted, got = short
    stock = {d: t.get(tier, 0) for d, t in solution.pool.stock.items() if t.get(tier, 0)}
    text = f"{tier}: {wanted:,} rows asked, {got:,} can be had"
    capped = sorted(d for d in stock if ("domain", d) in inside)
    held = f"; its buckets hold {sum(stock.values()):,} in {len(stock)} domain{'s' * (len(stock) != 1)}"
    if not capped:
        return text + held
    shown = ", ".join(capped[:3]) + (f" and {len(capped) - 3} more" if len(capped) > 3 else "")
    return f"{text}{held}, {shown} at the cap of {solution.cap:,} rows"
