"""Asks against stocks: exact where it can be, refused with the arithmetic where it cannot."""

from __future__ import annotations

import itertools
import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.data import mix
from engine.data.curriculum import DEFAULTS, TIERS, Accept, Composition, compose, fitted, plan
from engine.data.mix import Counts
from engine.data.pool import Pool, Solution, most
from engine.profile.tables.data import Phase
from tests.engine.data import grain

A, B, C = DEFAULTS
SEED = {
    domain: dict(zip(TIERS, counts, strict=True))
    for domain, counts in json.loads(
        (Path(__file__).parent / "stocks" / "seed.json").read_text()
    ).items()
}
"""The rows by domain and tier that one real curriculum was drawn from."""


def greedy(phase: Phase, stock: Counts) -> int:
    """How the seed fills: tier after tier, each domain to its cap of the target. The negative control."""
    rows, cap = phase.rows or 0, int(mix.exactly(phase.cap or 1) * (phase.rows or 0))
    targets = mix.apportion(rows, mix.shares(phase.mix, TIERS))
    taken: dict[str, int] = dict.fromkeys(stock, 0)
    total = 0
    for tier in TIERS:
        left = targets[tier]
        for domain in sorted(stock, key=lambda d: -stock[d][tier]):
            got = min(left, stock[domain][tier], cap - taken[domain])
            taken[domain] += got
            left -= got
            total += got
    return total


def holds(found: Composition, counts: Counts) -> None:
    """What is true of every draw, whatever was asked."""
    rows = mix.total(counts)
    for domain, tiers in counts.items():
        for tier, number in tiers.items():
            assert number <= found.stock[domain][tier]
    phase = found.phase
    if phase.cap is not None and rows:
        assert max(mix.by_domain(counts).values()) <= mix.exactly(phase.cap) * rows
    if phase.quota is not None:
        assert max(mix.by_domain(counts).values(), default=0) <= phase.quota


def test_the_seeds_phase_b_is_had_exactly_where_its_own_sampler_loses_rows() -> None:
    asks = replace(B, rows=5000)
    found = compose(asks, TIERS, SEED)
    assert found.met and not found.why
    assert mix.by_tier(found.largest, TIERS) == {
        "easy": 1000, "medium": 2000, "hard": 1500, "extremely_complex": 500,
    }  # fmt: skip
    holds(found, found.largest)
    assert greedy(asks, SEED) < 5000, "the control fills the caps with easy rows first"


def test_session_5_is_refused_with_its_arithmetic() -> None:
    found = compose(A, TIERS, grain.SESSION_5)
    assert not found.met and found.largest == {}
    assert found.asked == 1000
    (why,) = found.why
    assert "easy: 350 asked" in why and "hold 0" in why and "federal_income_tax" in why
    assert mix.by_tier(found.nearest, TIERS) == grain.SESSION_5["federal_income_tax"]


def test_one_domain_cannot_hold_a_cap() -> None:
    found = compose(B, TIERS, {"tax": dict.fromkeys(TIERS, 5000)})
    assert not found.met and mix.total(found.largest) == mix.total(found.nearest) == 0
    assert any("cap 0.15 of a domain needs 7 domains at least, 1 take part" in w for w in found.why)


def test_the_cap_that_binds_is_named() -> None:
    stock = {"big": dict.fromkeys(TIERS, 900), **grain.even(6, rows=20)}
    found = compose(replace(B, rows=1000, cap=0.5), TIERS, stock)
    assert any("big at the cap of 500 rows" in why for why in found.why)
    holds(found, found.largest)
    holds(found, found.nearest)
    assert mix.total(found.largest) < 1000


def test_focus_comes_first_and_its_least_share_is_held() -> None:
    stock = {**grain.even(4, rows=100), "insurance": dict.fromkeys(TIERS, 100)}
    first = compose(replace(C, rows=300, focus=("insurance",)), TIERS, stock)
    assert first.met and mix.by_domain(first.largest)["insurance"] > 200
    asks = replace(C, rows=600, focus=("insurance",), focus_share=0.9)
    found = compose(asks, TIERS, stock)
    rows = mix.total(found.largest)
    assert not found.met and any("focus_share 0.9" in why for why in found.why)
    assert rows and mix.by_domain(found.largest)["insurance"] >= 0.9 * rows


def test_small_domains_are_not_crowded_out() -> None:
    stock = {"big": dict.fromkeys(TIERS, 1000), "small": dict.fromkeys(TIERS, 20)}
    found = compose(Phase(id="x", rows=200, mix=dict.fromkeys(TIERS, 1)), TIERS, stock)
    assert mix.by_domain(found.largest)["small"] == 80


def test_a_block_holds_its_mix_in_every_domain() -> None:
    found = compose(A, TIERS, SEED)
    assert len(found.largest) == 15
    for tiers in found.largest.values():
        assert mix.apportion(sum(tiers.values()), mix.shares(A.mix, TIERS)) == {
            tier: tiers.get(tier, 0) for tier in TIERS
        }


def test_rows_in_all_are_shared_by_the_blocks() -> None:
    found = compose(replace(A, rows=200), TIERS, grain.even(10))
    assert mix.total(found.largest) == 200 and set(mix.by_domain(found.largest).values()) == {20}


def test_phases_use_no_row_twice_unless_they_may() -> None:
    stock = grain.even(8)
    taken = [
        one.largest for one in plan((replace(A, quota=20), replace(B, rows=200)), TIERS, stock, Accept.LARGEST)
    ]  # fmt: skip
    for domain, tiers in stock.items():
        for tier, held in tiers.items():
            assert sum(one.get(domain, {}).get(tier, 0) for one in taken) <= held
    again = list(plan((A, replace(B, rows=400, reuse=True)), TIERS, stock, Accept.LARGEST))
    assert again[1].stock == stock and again[1].met


def test_numbers_that_nobody_told_fit_together() -> None:
    phases = fitted(DEFAULTS, TIERS, grain.even(10))
    found = list(plan(phases, TIERS, grain.even(10), Accept.LARGEST))
    assert all(one.met for one in found)
    sizes = [mix.total(one.largest) for one in found]
    assert sizes[1] == pytest.approx(2 * sizes[2], abs=2)
    assert fitted(DEFAULTS, TIERS, grain.SESSION_5) == DEFAULTS


stocks = st.dictionaries(
    st.sampled_from("abcdefgh"),
    st.fixed_dictionaries({"easy": st.integers(0, 9), "hard": st.integers(0, 9)}),
    min_size=1,
)


@given(stocks, st.integers(1, 40), st.sampled_from([None, 0.2, 0.34, 0.5]), st.integers(1, 5))
def test_the_largest_is_the_largest(
    stock: Mapping[str, Mapping[str, int]], rows: int, cap: float | None, easy: int
) -> None:
    phase = Phase(id="x", rows=rows, cap=cap, mix={"easy": easy, "hard": 2})
    held = {d: {t: n for t, n in tiers.items() if n} for d, tiers in stock.items()}
    pool = Pool(phase, ("easy", "hard"), {d: t for d, t in held.items() if t})
    brute = [n for n in range(1, rows + 1) if pool.whole(n) and can(pool, n)]
    assert most(pool, rows) == max(brute, default=0)
    found = compose(phase, ("easy", "hard"), stock)
    holds(found, found.largest)
    holds(found, found.nearest)
    assert mix.total(found.nearest) >= mix.total(found.largest)


def can(pool: Pool, rows: int) -> bool:
    """Whether so many rows can be had, by Hall's condition over every set of tiers."""
    targets, cap = pool.targets(rows), pool.cap(rows)
    return all(
        sum(targets[t] for t in chosen)
        <= sum(min(cap, sum(s.get(t, 0) for t in chosen)) for s in pool.stock.values())
        for size in (1, 2)
        for chosen in itertools.combinations(pool.tiers, size)
    )


def test_a_flow_is_no_greater_than_its_capacities() -> None:
    pool = Pool(replace(B, rows=5000), TIERS, SEED)
    solution = Solution(pool, 5000)
    assert solution.total() == 5000
    assert all(n <= SEED[d][t] for d, tiers in solution.counts().items() for t, n in tiers.items())


@pytest.mark.parametrize(
    ("rows", "counts"), [(3, [1, 1, 1, 0]), (10, [4, 4, 2, 0]), (100, [35, 35, 25, 5])]
)
def test_rows_are_apportioned_whole(rows: int, counts: list[int]) -> None:
    assert list(mix.apportion(rows, mix.shares(A.mix, TIERS)).values()) == counts


def test_a_quota_that_rounds_a_tier_to_nothing_is_told_as_that() -> None:
    stock = grain.even(6, 24)
    small = compose(replace(A, quota=8), TIERS, stock)
    assert not small.met and small.why == (
        "a quota of 8 rows rounds some tier to none: 9 are the fewest that hold the mix",
    )
    assert compose(replace(A, quota=9), TIERS, stock).met
