"""An end is a window with its noise, and no last point decides anything."""

from __future__ import annotations

import numpy as np
import pytest

from engine.compare.windows import apart, window

RANDOM = np.random.default_rng(7)


def ends(values: list[float] | np.ndarray, until: float | None = None) -> float:
    found = window(np.arange(len(values)), np.asarray(values, np.float64), until)
    assert found is not None
    return found.mean


def test_a_spike_on_the_last_point_moves_the_end_by_less_than_its_noise() -> None:
    calm = 1.0 + 0.05 * RANDOM.standard_normal(1000)
    spiked = np.append(calm[:-1], 1.2)
    x = np.arange(1000)
    one, other = window(x, calm), window(x, spiked)
    assert one and other and apart(one, other) is False
    assert abs(spiked[-1] - calm[-1]) > 3 * 0.05  # the last point alone would have said otherwise


def test_two_courses_of_one_kind_are_seldom_apart_and_others_always() -> None:
    def drawn(mean: float) -> np.ndarray:
        return mean + 0.05 * RANDOM.standard_normal(1000)

    x = np.arange(1000)
    same = [apart(window(x, drawn(1.0)), window(x, drawn(1.0))) for _ in range(200)]  # type: ignore[arg-type]
    other = [apart(window(x, drawn(1.0)), window(x, drawn(1.05))) for _ in range(200)]  # type: ignore[arg-type]
    assert sum(map(bool, same)) <= 0.15 * len(same)
    assert sum(map(bool, other)) >= 0.95 * len(other)


def test_neighbours_that_repeat_each_other_tell_less() -> None:
    steps = RANDOM.standard_normal(4000)
    slow = np.convolve(steps, np.ones(20) / 20, "valid")
    fast = RANDOM.permutation(slow)
    x = np.arange(len(slow))
    one, other = window(x, slow), window(x, fast)
    assert one and other and one.error and other.error and one.error > 2 * other.error


def test_what_is_not_finite_is_left_out_and_nothing_is_no_number() -> None:
    assert ends([1.0, 2.0, float("nan"), 3.0]) == 2.0
    assert window(np.arange(3), np.full(3, np.nan)) is None
    assert ends(list(range(100)), until=49) == pytest.approx(44.0, abs=2.0)


def test_one_point_has_no_noise() -> None:
    found = window(np.arange(1), np.ones(1))
    assert found is not None and found.error is None and found.spread is None
    assert apart(found, found) is None
