"""No value that stands out is lost, whatever the width."""

from __future__ import annotations

import math

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.columns import Envelope, envelope


def slowly(x: list[float], y: list[float], found: Envelope) -> list[tuple[float, float, int, int]]:
    """The same by one bucket after the other."""
    width, told = len(found.low), []
    for at in range(width):
        first, last = found.edges[at], found.edges[at + 1]
        inside = [
            b
            for a, b in zip(x, y, strict=True)
            if first <= a and (a < last or (at == width - 1 and a == last))
        ]
        finite = [b for b in inside if math.isfinite(b)]
        low, high = (min(finite), max(finite)) if finite else (math.nan, math.nan)
        told.append((low, high, len(inside), len(inside) - len(finite)))
    return told


values = st.one_of(st.integers(-5, 5).map(float), st.sampled_from([math.nan, math.inf, -math.inf]))
places = st.one_of(st.integers(-9, 9).map(float), st.just(math.nan))
spans = st.one_of(st.none(), st.just((-3.0, 4.5)), st.just((2.0, 2.0)), st.just((50.0, 60.0)))


@settings(max_examples=300, deadline=None)
@given(st.lists(st.tuples(places, values), max_size=40), st.integers(1, 9), spans)
def test_lowest_highest_and_counts_of_each_bucket(
    points: list[tuple[float, float]], width: int, span: tuple[float, float] | None
) -> None:
    x, y = [a for a, _ in points], [b for _, b in points]
    found = envelope(np.array(x), np.array(y), width, span)
    told = list(zip(found.low, found.high, found.count, found.broken, strict=True))
    assert repr([tuple(map(float, one)) for one in told]) == repr(
        [tuple(map(float, one)) for one in slowly(x, y, found)]
    )


def test_twenty_spikes_of_one_step_in_a_hundred_thousand() -> None:
    y = np.random.default_rng(1).normal(2, 0.1, 100_000)
    at = np.arange(20) * 4999 + 77
    y[at] = 10.0
    found = envelope(np.arange(100_000), y, 200)
    assert np.count_nonzero(found.high == 10.0) == 20
    thinned = y[:: len(y) // 400]
    assert np.count_nonzero(thinned == 10.0) < 20


def test_a_nan_is_told_and_hides_nothing() -> None:
    found = envelope(np.arange(4), np.array([1.0, np.nan, 3.0, np.nan]), 2)
    assert found.low.tolist() == [1.0, 3.0]
    assert found.broken.tolist() == [1, 1]
