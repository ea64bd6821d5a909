from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from cockpit.plot.bar import bar
from cockpit.plot.cells import Role, ink, length
from cockpit.plot.glyphs import ASCII, BRAILLE
from cockpit.plot.strip import History, heat, squeezed, strip
from tests.cockpit.plot.drawing import GLYPHS, anything

values = arrays(np.float64, st.integers(0, 300), elements=anything)


@given(values, st.integers(0, 80), st.integers(0, 4), GLYPHS)
def test_any_history_fills_its_cells(history: np.ndarray, width: int, height: int, glyphs) -> None:  # type: ignore[no-untyped-def]
    for cells in (
        strip(History(history), width, height, glyphs),
        strip(History(history, (0, 100)), width, height, glyphs),
        heat(History(history), width, glyphs),
    ):
        assert all(length(row) == width for row in cells.text())


@given(arrays(np.float64, st.integers(1, 300), elements=st.floats(-1e6, 1e6)), st.integers(1, 80))
def test_what_is_shown_was_measured_and_the_farthest_of_its_column(
    history: np.ndarray, width: int
) -> None:
    shown = squeezed(history, width)
    if len(history) <= width:
        assert shown is history
        return
    middle = np.median(history)
    edges = np.arange(width + 1) * len(history) // width
    for value, start, end in zip(shown, edges, edges[1:], strict=False):
        part = history[start:end]
        assert value in part
        assert abs(value - middle) >= np.abs(part - middle).max() * (1 - 1e-9)


def test_a_dip_of_a_busy_gpu_and_a_peak_of_an_idle_one_are_seen() -> None:
    busy = np.full(1000, 97.0)
    busy[400] = 3
    assert strip(History(busy, (0, 100)), 20).text()[0].count("▁") == 1
    idle = np.full(1000, 2.0)
    idle[400] = 99
    assert strip(History(idle, (0, 100)), 20).text()[0].count("█") == 1


def test_the_mean_would_hide_the_dip() -> None:
    busy = np.full(1000, 97.0)
    busy[400] = 3
    means = busy.reshape(20, 50).mean(axis=1)
    assert "▁" not in strip(History(means, (0, 100)), 20).text()[0]


def test_what_was_not_measured_is_no_zero() -> None:
    shown = strip(History(np.array([0.0, np.nan, 50, 100]), (0, 100)), 4).text()[0]
    assert shown == "▁·▄█" or shown == "▁·▅█"
    assert heat(History(np.array([np.nan, 100.0]), (0, 100)), 2).text()[0] == "·█"


def test_levels_choose_the_ink() -> None:
    cells = strip(History(np.array([10.0, 95.0]), (0, 100), ((90, Role.ALERT),)), 2)
    assert cells.inks[0].tolist() == [ink(Role.ACCENT), ink(Role.ALERT)]


def test_a_bar_is_exact_to_an_eighth() -> None:
    assert bar(0.5, 10).text()[0] == "█████░░░░░"
    assert bar(0.5125, 10).text()[0] == "█████▏░░░░"
    assert bar(1.7, 4).text()[0] == "████"
    assert bar(0.001, 4).text()[0] == "▏░░░"
    assert bar(0.0, 4).text()[0] == "░░░░"
    assert bar(None, 4).text()[0] == bar(float("nan"), 4).text()[0] == "····"
    assert bar(0.5, 4, glyphs=ASCII).text()[0] == "##--"


@given(st.one_of(st.none(), anything), st.integers(0, 60))
def test_any_part_fills_its_cells(part: float | None, width: int) -> None:
    for glyphs in (BRAILLE, ASCII):
        assert length(bar(part, width, glyphs=glyphs).text()[0]) == width
