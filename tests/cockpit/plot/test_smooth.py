from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from cockpit.plot.smooth import TILE, smoothed


def naive(values: np.ndarray, factor: float) -> np.ndarray:
    """One value after the other, as the definition says."""
    average, weight, out = 0.0, 0.0, []
    for value in values.tolist():
        average = factor * average + (1 - factor) * value
        weight = factor * weight + (1 - factor)
        out.append(average / weight)
    return np.array(out)


@given(st.integers(0, 3 * TILE), st.sampled_from((0.5, 0.9, 0.99, 0.9995)), st.integers(0, 99))
def test_it_is_the_average_by_definition(length: int, factor: float, seed: int) -> None:
    values = np.random.default_rng(seed).normal(3, 2, length)
    assert np.allclose(smoothed(values, factor).values, naive(values, factor), rtol=1e-9)


@given(st.lists(st.integers(1, 5000), min_size=1, max_size=6), st.sampled_from((0.3, 0.9, 0.999)))
def test_pieces_give_to_the_bit_what_the_whole_gives(pieces: list[int], factor: float) -> None:
    values = np.random.default_rng(1).lognormal(0, 2, sum(pieces))
    known = None
    for end in np.cumsum(pieces).tolist():
        known = smoothed(values[:end], factor, known)
    assert known is not None
    assert np.array_equal(known.values, smoothed(values, factor).values)


def test_the_start_is_not_pulled_to_zero() -> None:
    assert np.allclose(smoothed(np.full(50, 7.0), 0.999).values, 7.0)


def test_another_factor_forgets_what_was_known() -> None:
    values = np.arange(100.0)
    known = smoothed(values[:50], 0.9)
    assert np.array_equal(smoothed(values, 0.5, known).values, smoothed(values, 0.5).values)


def test_no_smoothing_is_the_values_themselves() -> None:
    values = np.array([3.0, 1.0, 2.0])
    assert smoothed(values, 0.0).values is values
