from __future__ import annotations

import math

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from cockpit.plot.window import Window, fit, roomy

places = st.floats(-1e6, 1e6)
windows = st.builds(lambda lo, width: Window(lo, lo + width), places, st.floats(1e-2, 1e6))
fractions = st.floats(0, 1)


@given(windows, st.floats(0.1, 10), fractions)
def test_zooming_keeps_the_place_under_the_pointer(
    window: Window, factor: float, at: float
) -> None:
    assert math.isclose(window.zoom(factor, at).x(at), window.x(at), abs_tol=1e-4, rel_tol=1e-6)


@given(windows, st.floats(0.5, 4), fractions)
def test_zooming_in_and_out_comes_back(window: Window, factor: float, at: float) -> None:
    back = window.zoom(factor, at).zoom(1 / factor, at)
    assert math.isclose(back.lo, window.lo, abs_tol=1e-3)
    assert math.isclose(back.width, window.width, rel_tol=1e-3)


@given(windows, st.floats(-5, 5))
def test_panning_keeps_the_width(window: Window, fraction: float) -> None:
    assert math.isclose(window.pan(fraction).width, window.width, rel_tol=1e-6, abs_tol=1e-6)


@given(windows, windows)
def test_a_window_stays_inside_the_data(window: Window, extent: Window) -> None:
    inside = window.within(extent)
    if inside is None:
        assert window.width >= extent.width
        return
    aside = 1e-9 * max(abs(extent.lo), abs(extent.hi), 1)
    assert extent.lo - aside <= inside.lo and inside.hi <= extent.hi + aside


@given(windows, places)
def test_following_shows_the_newest_near_the_end(window: Window, newest: float) -> None:
    moved = window.following(newest)
    assert moved.follow
    aside = 1e-9 * max(abs(newest), 1)
    assert newest - aside <= moved.hi <= newest + window.width / 16 + aside
    # A width that was subtracted and added again may round into the next jump, and no farther.
    assert abs(moved.on(newest).hi - moved.hi) <= window.width / 16 + aside


def test_following_moves_seldom() -> None:
    window = Window(0, 100).following(1000)
    assert len({window.on(float(newest)) for newest in range(1000, 1100)}) < 35


def test_zooming_stops_where_floats_end() -> None:
    window = Window(1e9, 1e9 + 1)
    for _ in range(200):
        window = window.zoom(2)
    assert window.width > 0


@pytest.mark.parametrize(
    "low, high", ((5, 5), (0, 0), (math.nan, 1), (-math.inf, math.inf), (3, 1), (1e15, 1e15))
)
def test_there_is_always_something_to_look_at(low: float, high: float) -> None:
    assert fit(low, high).width > 0


@given(places, st.floats(0, 1e9))
@example(0.0, 5e-324)
def test_room_is_left_at_the_end_but_not_much(low: float, more: float) -> None:
    exact, found = fit(low, low + more), roomy(low, low + more)
    assert found.hi >= exact.hi - 1e-9 * max(abs(exact.hi), 1)
    assert found.width <= exact.width * 1.11
