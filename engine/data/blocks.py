"""One phase that trains a domain at a time: the same mix in each, as many rows of each as its quota and stock allow."""

from __future__ import annotations

from collections.abc import Mapping

from engine.data import mix
from engine.data.mix import Counts
from engine.data.pool import Pool

SMALL = "small"
FAR = 100_000


def exact(pool: Pool, rows: int | None) -> Counts:
    """Every domain up to its quota with the mix held in it; `rows` in all, spread evenly."""
    most = {domain: possible(pool, domain) for domain in pool.stock}
    level = water(most, rows)
    found = {}
    for domain, held in most.items():
        wanted = min(held, level)
        whole = next((n for n in range(wanted, 0, -1) if _fits(pool, domain, n)), 0)
        if whole:
            found[domain] = _kept(pool.targets(whole), pool.stock[domain])
    return found


def nearest(pool: Pool, rows: int | None) -> Counts:
    """Every domain up to its quota, whatever its tiers are: as asked where they can be, the rest from the others."""
    most = {d: min(pool.phase.quota or 0, sum(t.values())) for d, t in pool.stock.items()}
    level = water(most, rows)
    return {d: _near(pool, d, min(held, level)) for d, held in most.items() if min(held, level)}


def possible(pool: Pool, domain: str) -> int:
    """The largest block of a domain with its mix held."""
    stock = pool.stock[domain]
    quota = min(pool.phase.quota or 0, sum(stock.values()))

    def could(rows: int) -> bool:
        return all(n <= stock.get(t, 0) for t, n in pool.targets(rows, loose=True).items())

    if not pool.phase.mix:
        return quota
    return mix.largest(quota, could, lambda rows: _fits(pool, domain, rows))


def binding(pool: Pool) -> list[str]:
    """The tiers that keep domains below their quota, the worst first."""
    short: dict[str, list[str]] = {}
    for domain, stock in pool.stock.items():
        quota = pool.phase.quota or 0
        if possible(pool, domain) >= quota:
            continue
        short.setdefault(_worst(pool, stock), []).append(domain)
    return [
        _sentence(pool, tier, domains)
        for tier, domains in sorted(short.items(), key=lambda item: (-len(item[1]), item[0]))
    ]


def _worst(pool: Pool, stock: Mapping[str, int]) -> str:
    """The tier that a domain has least of; `SMALL` where the quota is too small for the mix."""
    targets = pool.targets(pool.phase.quota or 0)
    if not pool.phase.mix:
        return "rows"
    had = {tier: stock.get(tier, 0) / wanted for tier, wanted in targets.items() if wanted}
    worst = min(had, key=lambda tier: had[tier])
    return SMALL if had[worst] >= 1 else worst


def water(most: Mapping[str, int], rows: int | None) -> int:
    """The level to which all are filled so that `rows` come together; everything without `rows`."""
    top = max(most.values(), default=0)
    if rows is None or sum(most.values()) <= rows:
        return top
    low, high = 0, top
    while low < high:
        middle = (low + high + 1) // 2
        fits = sum(min(held, middle) for held in most.values()) <= rows
        low, high = (middle, high) if fits else (low, middle - 1)
    return low


def _fits(pool: Pool, domain: str, rows: int) -> bool:
    if not pool.phase.mix:
        return rows <= sum(pool.stock[domain].values())
    stock = pool.stock[domain]
    return pool.whole(rows) and all(n <= stock.get(t, 0) for t, n in pool.targets(rows).items())


def _near(pool: Pool, domain: str, rows: int) -> dict[str, int]:
    stock = pool.stock[domain]
    targets = pool.targets(rows) if pool.parts else dict.fromkeys(pool.tiers, 0)
    taken = {tier: min(stock.get(tier, 0), targets[tier]) for tier in pool.tiers}
    left = rows - sum(taken.values())
    # the nearest tiers of those that have more: what is missing of a hard one is rather hard than easy
    missing = [i for i, t in enumerate(pool.tiers) if taken[t] < targets[t]] or [0]
    for tier in sorted(
        pool.tiers, key=lambda t: min(abs(pool.tiers.index(t) - i) for i in missing)
    ):
        more = min(left, stock.get(tier, 0) - taken[tier])
        taken[tier] += more
        left -= more
    return {tier: count for tier, count in taken.items() if count}


def _kept(targets: Mapping[str, int], stock: Mapping[str, int]) -> dict[str, int]:
    return {tier: min(n, stock.get(tier, 0)) for tier, n in targets.items() if n and tier in stock}


def _sentence(pool: Pool, tier: str, domains: list[str]) -> str:
    quota = pool.phase.quota or 0
    if tier == SMALL:
        fewest = next(rows for rows in range(quota, FAR) if rows == FAR - 1 or pool.whole(rows))
        return f"a quota of {quota:,} rows rounds some tier to none: {fewest:,} are the fewest that hold the mix"
    none = sum(1 for d in domains if not possible(pool, d))
    shown = ", ".join(domains[:3]) + (f" and {len(domains) - 3} more" if len(domains) > 3 else "")
    wanted = pool.targets(quota)[tier] if tier in pool.tiers else quota
    have = sum(pool.stock[d].get(tier, 0) for d in domains) if tier in pool.tiers else None
    held = "" if have is None else f", and they hold {have:,} together"
    can = f"; {none} of them can give no row at this mix" if none else ""
    return f"{tier}: {wanted:,} asked of each domain{held}: short in {shown}{can}"
