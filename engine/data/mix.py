"""Shares and counts: the arithmetic of mixes. Exact, so that the same ask gives the same numbers everywhere."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction

Counts = Mapping[str, Mapping[str, int]]
"""Rows by domain and tier."""


def exactly(number: float) -> Fraction:
    """The decimal number that was written, not its nearest binary one: 0.15 is 3/20."""
    return Fraction(str(number))


def shares(mix: Mapping[str, float], tiers: Sequence[str]) -> dict[str, Fraction]:
    """Weights as shares of one, in the order of the tiers; only proportions count."""
    weights = {tier: exactly(mix.get(tier, 0)) for tier in tiers}
    total = sum(weights.values())
    return {tier: weight / total for tier, weight in weights.items()} if total else {}


def apportion(rows: int, parts: Mapping[str, Fraction]) -> dict[str, int]:
    """Whole rows by share, exact in total: the largest remainders are rounded up, the first of equal ones."""
    floors = {name: int(rows * part) for name, part in parts.items()}
    order = {name: index for index, name in enumerate(parts)}
    by_rest = sorted(parts, key=lambda name: (floors[name] - rows * parts[name], order[name]))
    for name in by_rest[: rows - sum(floors.values())]:
        floors[name] += 1
    return floors


def largest(most: int, could: Callable[[int], bool], can: Callable[[int], bool]) -> int:
    """The largest number up to `most` that `can` be had. `could` is looser than `can` and monotone.

    Rounding makes `can` true and false in turn, so it is asked downwards from where `could` ends.
    """
    low, high = 0, most
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if could(middle) else (low, middle - 1)
    return next((rows for rows in range(low, 0, -1) if can(rows)), 0)


def total(counts: Counts) -> int:
    return sum(sum(tiers.values()) for tiers in counts.values())


def by_tier(counts: Counts, tiers: Sequence[str]) -> dict[str, int]:
    return {tier: sum(row.get(tier, 0) for row in counts.values()) for tier in tiers}


def by_domain(counts: Counts) -> dict[str, int]:
    return {domain: sum(tiers.values()) for domain, tiers in counts.items()}


def less(stock: Counts, taken: Counts) -> dict[str, dict[str, int]]:
    """What is left of a stock."""
    return {
        domain: {tier: have - taken.get(domain, {}).get(tier, 0) for tier, have in tiers.items()}
        for domain, tiers in stock.items()
    }


def at_most(share: float | None, rows: int, loose: bool = False) -> int:
    """Rows that a cap allows of a total; `loose` rounds up."""
    if share is None:
        return rows
    exact = exactly(share) * rows
    return math.ceil(exact) if loose else math.floor(exact)


def at_least(share: float | None, rows: int, loose: bool = False) -> int:
    """Rows that a least share asks of a total; `loose` rounds down."""
    if share is None:
        return 0
    exact = exactly(share) * rows
    return math.floor(exact) if loose else math.ceil(exact)
