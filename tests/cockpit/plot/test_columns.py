"""Whatever the data: each finite value lies inside the span of its dot column."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from cockpit.plot.columns import Spans, gathered, spans
from cockpit.plot.curve import Curve
from cockpit.plot.prepare import Points, prepared
from cockpit.plot.scale import Scale, fitted
from cockpit.plot.window import Window, fit
from tests.cockpit.plot.drawing import curves, finite


def points_of(curve: Curve) -> Points:
    return prepared(curve, 0.0).points


def lost(points: Points, drawn: Spans, window: Window, scale: Scale) -> list[int]:
    """The points that are not in the picture, found one by one. It is 40 dots high."""
    width = len(drawn.top)
    edges = window.lo + window.width * (np.arange(width + 1) / width)
    edges[-1] = window.hi
    gone = []
    for place, (x, y) in enumerate(zip(points.x, points.y, strict=True)):
        if not window.lo <= x <= window.hi:
            continue
        column = min(int(np.searchsorted(edges, x, "right")) - 1, width - 1)
        row = scale.row(float(y), 40)
        if not drawn.top[column] <= row <= drawn.bottom[column]:
            gone.append(place)
    return gone


@given(curves(finite), st.integers(1, 120))
def test_every_value_is_inside_the_drawn_rows(curve: Curve, width: int) -> None:
    for stroke in points_of(curve).strokes():
        if not len(stroke.x):
            continue
        window = fit(float(stroke.x[0]), float(stroke.x[-1]))
        scale = fitted(float(stroke.y.min()), float(stroke.y.max()), False, 4)
        drawn = spans(gathered(stroke, window, width), scale, 40)
        assert lost(stroke, drawn, window, scale) == []


def test_a_stride_loses_values_and_the_same_check_says_so() -> None:
    y = np.zeros(1000)
    y[[137, 501]] = 9.0
    points = points_of(Curve(np.arange(1000), y))
    window, scale = fit(0, 999), fitted(0, 9, False, 4)
    sparse = points_of(Curve(np.arange(0, 1000, 10), y[::10]))
    assert lost(points, spans(gathered(points, window, 50), scale, 40), window, scale) == []
    assert lost(points, spans(gathered(sparse, window, 50), scale, 40), window, scale) == [137, 501]


@given(curves(finite), st.integers(2, 120))
def test_lines_between_neighbours_have_no_holes(curve: Curve, width: int) -> None:
    for stroke in points_of(curve).strokes():
        if len(stroke.x) < 2 or len(stroke.breaks) or np.isfinite(stroke.gap):
            continue
        window = fit(float(stroke.x[0]), float(stroke.x[-1]))
        scale = fitted(float(stroke.y.min()), float(stroke.y.max()), False, 4)
        drawn = spans(gathered(stroke, window, width), scale, 40)
        filled = np.flatnonzero(drawn.top <= drawn.bottom)
        assert list(filled) == list(range(filled[0], filled[-1] + 1))
        above = drawn.top[filled][1:] - drawn.bottom[filled][:-1]
        below = drawn.top[filled][:-1] - drawn.bottom[filled][1:]
        assert max(above.max(initial=0), below.max(initial=0)) <= 1


def test_no_line_crosses_what_was_not_a_number() -> None:
    y = np.array([1.0, 1, 1, np.nan, 1, 1, 1])
    points = points_of(Curve(np.arange(7), y))
    drawn = spans(gathered(points, fit(0, 6), 70), Scale(0, 2), 8)
    empty = set(np.flatnonzero(drawn.top > drawn.bottom).tolist())
    assert empty and empty <= set(range(20, 50))


def test_no_line_crosses_a_hole_in_the_data() -> None:
    x = np.concatenate((np.arange(50), np.arange(500, 550)))
    points = points_of(Curve(x, np.ones(100)))
    drawn = spans(gathered(points, fit(0, 550), 100), Scale(0, 2), 8)
    empty = np.flatnonzero(drawn.top > drawn.bottom)
    assert len(empty) > 75


def test_lines_lead_to_neighbours_outside_the_window() -> None:
    points = points_of(Curve(np.array([0.0, 100.0]), np.array([0.0, 10.0])))
    drawn = spans(gathered(points, fit(40, 60), 20), Scale(4, 6), 20)
    assert (drawn.top <= drawn.bottom).all()
    assert drawn.top[0] > drawn.top[-1]
