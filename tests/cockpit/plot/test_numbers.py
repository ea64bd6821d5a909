from __future__ import annotations

import math

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from cockpit.plot.curve import Axis
from cockpit.plot.numbers import duration, exactly, fitting, on_axis, short
from cockpit.plot.scale import fitted
from cockpit.plot.ticks import durations, linear, logarithmic, step_of

anything = st.floats(allow_nan=True, allow_infinity=True)


@pytest.mark.parametrize(
    "value, said",
    (
        (0, "0"),
        (3.2143, "3.214"),
        (3.0, "3"),
        (-0.61, "-0.61"),
        (1.46e-4, "1.46e-4"),
        (0.001, "0.001"),
        (12345, "12.3k"),
        (999_999, "1M"),
        (1.5e9, "1.5B"),
        (1e38, "1e38"),
        (math.nan, "nan"),
        (-math.inf, "-inf"),
        (None, "—"),
    ),
)
def test_short(value: float | None, said: str) -> None:
    assert short(value) == said


@given(anything)
def test_a_short_number_is_short_and_near(value: float) -> None:
    said = short(value)
    assert len(said) <= 10
    if abs(value) < 1e300 and not said.endswith(("k", "M", "B", "T")):
        assert math.isclose(float(said), value, rel_tol=6e-3)


@given(anything, st.integers(5, 8))
def test_a_label_fits_its_width(value: float, width: int) -> None:
    assert 0 < len(fitting(value, width)) <= width


@pytest.mark.parametrize(
    "seconds, said", ((0, "0s"), (45, "45s"), (90, "1m30"), (5400, "1h30"), (194400, "2d6h"))
)
def test_durations_are_said_as_clocks_say_them(seconds: float, said: str) -> None:
    assert duration(seconds) == said


def test_every_axis_says_where_the_crosshair_stands() -> None:
    assert exactly(Axis("step"), 30012) == "step 30,012"
    assert exactly(Axis("time"), 5400) == "1h30"
    assert exactly(Axis("tokens"), 2_000_000) == "2,000,000 tokens"
    assert exactly(Axis("money"), 1.5) == "$1.50"
    assert exactly(Axis("clock", offset_s=3600), 0) == "01:00:00"


@given(st.sampled_from(("step", "time", "clock", "tokens", "money")), st.floats(-1e18, 1e18))
def test_any_place_has_a_label(kind: str, value: float) -> None:
    axis = Axis(kind)  # type: ignore[arg-type]
    assert on_axis(axis, value) and exactly(axis, value)


@given(st.floats(-1e9, 1e9), st.floats(1e-6, 1e9), st.integers(1, 20))
def test_ticks_are_few_and_inside(low: float, more: float, most: int) -> None:
    high = low + more
    assume(high - low > 1e-9 * abs(low))
    for found in (linear(low, high, most), durations(low, high, most)):
        assert len(found) <= most + 1
        assert all(low - more * 1e-6 <= value <= high + more * 1e-6 for value in found)


@given(st.floats(1e-12, 1e12), st.floats(1.01, 1e12), st.integers(1, 20))
def test_ticks_of_a_logarithm_are_few_and_inside(low: float, factor: float, most: int) -> None:
    found = logarithmic(low, low * factor, most)
    assert len(found) <= most + 2
    assert all(low * 0.999 <= value <= low * factor * 1.001 for value in found)


def test_steps_are_round() -> None:
    assert step_of(0, 60_000, 5) == 20_000
    assert step_of(0, 3e-4, 4) == pytest.approx(1e-4)


@given(
    st.floats(allow_nan=False, allow_infinity=False),
    st.floats(allow_nan=False, allow_infinity=False),
    st.booleans(),
)
def test_a_scale_has_a_row_for_every_value(one: float, other: float, log: bool) -> None:
    low, high = min(one, other), max(one, other)
    assume(not log or low > 0)
    scale = fitted(low, high, log, 4)
    assert 0 <= scale.row(high, 40) <= scale.row(low, 40) <= 39
