"""The direction of a loss: what noise, outliers and few points may and may not do to it."""

from __future__ import annotations

import math
import random
from statistics import mean

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.status.learning import LEAST, learning

LOSS = st.integers(-(2**20), 2**20).map(float)
LOSSES = st.lists(LOSS, min_size=LEAST, max_size=120)


def points(losses: list[float]) -> list[tuple[int, float]]:
    return list(enumerate(losses, 1))


def verdict(losses: list[float]) -> str:
    return learning(points(losses)).verdict


def noisy(slope: float, seed: int, count: int = 120) -> list[float]:
    chance = random.Random(seed)
    return [3.0 + slope * step + chance.gauss(0, 0.1) for step in range(count)]


@pytest.mark.parametrize(("slope", "said"), [(-0.005, "down"), (0.005, "up")])
def test_a_trend_shows_through_noise(slope: float, said: str) -> None:
    assert [verdict(noisy(slope, seed)) for seed in range(20)] == [said] * 20


def test_the_slope_is_that_of_a_thousand_steps() -> None:
    found = learning(points(noisy(-0.005, 1))).slope_per_1k
    assert found == pytest.approx(-5.0, rel=0.15)


def test_noise_alone_is_flat() -> None:
    said = [verdict(noisy(0.0, seed)) for seed in range(300)]
    assert said.count("flat") >= 285


def test_a_loss_that_never_changes_is_flat() -> None:
    assert learning(points([2.0] * 50)).slope_per_1k == 0.0
    assert verdict([2.0] * 50) == "flat"


@given(st.lists(LOSS, max_size=LEAST - 1))
def test_few_points_say_nothing(losses: list[float]) -> None:
    found = learning(points(losses))
    assert (found.verdict, found.slope_per_1k) == ("unknown", None)


@given(LOSSES)
def test_upside_down_it_says_the_opposite(losses: list[float]) -> None:
    opposite = {"down": "up", "up": "down", "flat": "flat"}
    assert verdict([-loss for loss in losses]) == opposite[verdict(losses)]


@given(LOSSES, LOSS, st.sampled_from([0.25, 2.0, 64.0]))
def test_neither_unit_nor_offset_matters(losses: list[float], offset: float, unit: float) -> None:
    assert verdict([unit * loss + offset for loss in losses]) == verdict(losses)


@given(st.lists(LOSS, min_size=LEAST, max_size=120, unique=True))
def test_what_only_falls_goes_down(losses: list[float]) -> None:
    assert verdict(sorted(losses, reverse=True)) == "down"


@given(LOSSES, st.lists(st.sampled_from([math.nan, math.inf, -math.inf]), max_size=9))
def test_what_is_no_number_does_not_count(losses: list[float], broken: list[float]) -> None:
    mixed = points(losses) + [(len(losses), value) for value in broken]
    assert learning(mixed) == learning(points(losses))


def test_one_monstrous_value_changes_nothing() -> None:
    losses = noisy(-0.005, 3)
    losses[60] = 1e6
    assert verdict(losses) == "down"
    # A least-squares slope over the same points is ruined: that is why it is not used.
    steps = range(len(losses))
    middle, level = mean(steps), mean(losses)
    top = sum((s - middle) * (v - level) for s, v in zip(steps, losses, strict=True))
    assert abs(top / sum((s - middle) ** 2 for s in steps)) > 1


def test_alarms_stand_above_the_slope() -> None:
    assert learning(points(noisy(-0.005, 1)), diverging=True).verdict == "diverging"
    assert learning([], diverging=True).verdict == "diverging"


def test_values_at_the_edge_of_floats_are_survived() -> None:
    found = learning(points([1.7e308, -1.7e308] * 20))
    assert found.slope_per_1k is None or math.isfinite(found.slope_per_1k)
