from __future__ import annotations

from dataclasses import replace

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from cockpit.plot.cells import Ground, Role, Tone, ink, length, parts
from cockpit.plot.curve import Axis, Band, Curve, Look, Mark, Scene, Span, Style, View
from cockpit.plot.glyphs import ASCII
from cockpit.plot.painter import Painter
from cockpit.plot.picture import Picture
from cockpit.plot.window import Window
from tests.cockpit.plot.drawing import dots, looks, scenes, text, views


def painted(scene: Scene, width: int = 72, height: int = 18, look: Look | None = None) -> Picture:
    return Painter().paint(scene, View(width, height, look=look or Look()))


def simple(y: list[float] | np.ndarray, **more: object) -> Scene:
    return Scene("loss", (Curve(np.arange(len(y)), np.array(y, float), "loss"),), **more)  # type: ignore[arg-type]


def same(one: Picture, other: Picture) -> bool:
    return not one.cells.changed(other.cells)


@settings(deadline=None)
@given(scenes(), views())
def test_any_data_at_any_size_fills_exactly_its_cells(scene: Scene, view: View) -> None:
    picture = Painter().paint(scene, view)
    rows = picture.cells.text()
    assert len(rows) == view.height
    assert all(length(row) == view.width for row in rows)


@settings(deadline=None)
@given(scenes(), views())
def test_painting_twice_paints_the_same(scene: Scene, view: View) -> None:
    painter = Painter()
    first = painter.paint(scene, view)
    assert same(first, painter.paint(scene, view))
    assert same(first, painter.paint(replace(scene), view))
    assert same(first, Painter().paint(scene, view))


@settings(deadline=None, max_examples=50)
@given(scenes(), views(), st.lists(st.floats(0, 1), max_size=4))
def test_what_comes_in_pieces_is_drawn_as_the_whole(
    scene: Scene, view: View, cuts: list[float]
) -> None:
    painter = Painter()
    for part in [*sorted(cuts), 1.0]:
        curves = tuple(
            replace(c, x=c.x[: int(len(c) * part)].copy(), y=c.y[: int(len(c) * part)].copy())
            for c in scene.curves
        )
        picture = painter.paint(replace(scene, curves=curves), view)
    assert same(picture, Painter().paint(scene, view))


@settings(deadline=None, max_examples=50)
@given(scenes(), views(), looks)
def test_what_was_looked_at_before_leaves_no_trace(scene: Scene, view: View, look: Look) -> None:
    painter = Painter()
    painter.paint(scene, replace(view, look=look, crosshair=3.0, window=Window(0, 10)))
    assert same(painter.paint(scene, view), Painter().paint(scene, view))


def test_a_longer_array_with_another_beginning_is_a_new_curve() -> None:
    painter = Painter()
    painter.paint(simple([1, 2, 3, 4]), View(60, 12))
    other = simple([9, 2, 3, 4, 5])
    assert same(painter.paint(other, View(60, 12)), painted(other, 60, 12))


def test_nothing_says_so() -> None:
    assert "no value yet" in text(painted(Scene("loss")))
    assert "no value yet" in text(painted(simple([])))
    assert "3 values, none of them finite" in text(painted(simple([np.nan, np.inf, -np.inf])))
    assert "nothing above 0" in text(painted(simple([-1, 0]), look=Look(log=True)))
    away = Painter().paint(simple(np.arange(100)), View(60, 12, Window(1e5, 2e5)))
    assert "no value in this window" in text(away)


def test_one_value_is_a_point_with_its_number() -> None:
    shown = text(painted(simple([2.5])))
    assert "●" in shown and "2.5" in shown


def test_a_constant_is_a_level_line() -> None:
    drawn = dots(painted(simple([3.0] * 500)))
    assert (drawn.sum(axis=0) == 1).all()


def test_what_is_not_a_number_is_marked_and_moves_no_scale() -> None:
    y = np.full(100, 2.0) + np.arange(100) / 100
    calm = painted(simple(y))
    y[[20, 70]] = np.nan, np.inf
    picture = painted(simple(y))
    assert picture.scale == calm.scale
    top = picture.cells.text()[picture.layout.top]
    assert [place for place, sign in enumerate(top) if sign == "✖"] == [
        picture.column(20),
        picture.column(70),
    ]


def test_a_logarithm_marks_what_it_cannot_place() -> None:
    y = np.logspace(0, -4, 100)
    y[[30, 60]] = 0, -1
    picture = painted(simple(y), look=Look(log=True))
    bottom = picture.cells.text()[picture.bottom]
    assert bottom[picture.column(30) or 0] == bottom[picture.column(60) or 0] == "▾"
    assert picture.scale.log and picture.scale.low > 0


def test_the_bulk_marks_what_it_leaves_out() -> None:
    y = np.random.default_rng(0).normal(1, 0.1, 5000)
    y[2500] = 1e9
    picture = painted(simple(y), look=Look(robust=True))
    assert picture.scale.high < 10
    assert picture.cells.text()[picture.layout.top][picture.column(2500) or 0] == "▴"


def test_raw_is_faint_behind_the_average() -> None:
    noisy = np.random.default_rng(0).normal(3, 1, 5000)
    picture = painted(simple(noisy), look=Look(0.99))
    tones = {parts(int(code))[:2] for code in picture.cells.inks[picture.layout.plot].flat}
    assert {(Role.CURVE, Tone.PLAIN), (Role.CURVE, Tone.FAINT)} <= tones


def test_bands_and_redone_steps_are_shaded_behind() -> None:
    scene = simple(np.linspace(10, 0, 100), bands=(Band(2, 5, 50, 99),), spans=(Span(10, 20),))
    picture = painted(scene)
    inside = picture.cells.inks[picture.row(3.5), picture.column(75)]
    redone = picture.cells.inks[picture.bottom, picture.column(15)]
    assert parts(int(inside))[2] is Ground.BAND and parts(int(redone))[2] is Ground.REDONE


def test_the_more_urgent_mark_wins_a_cell() -> None:
    marks = (Mark(50, "alert"), Mark(50, "checkpoint"), Mark(80, "checkpoint"))
    picture = painted(simple(np.ones(100), marks=marks))
    rule = picture.cells.text()[picture.layout.rule or 0]
    assert rule[picture.column(50) or 0] == "‼" and rule[picture.column(80) or 0] == "◆"


def test_the_crosshair_reads_the_nearest_row() -> None:
    y = np.linspace(5, 4, 100)
    y[50] = 8.25
    scene = simple(y, marks=(Mark(50, "spike", "loss jumped"),))
    picture = Painter().paint(scene, View(90, 18, crosshair=50))
    heading = picture.cells.text()[0]
    assert "8.25" in heading and "step 50" in heading and "▲ loss jumped" in heading
    column = picture.column(50)
    assert parts(int(picture.cells.inks[picture.bottom, column]))[2] is Ground.CROSS


def test_the_crosshair_says_nan_where_it_was_told() -> None:
    y = np.ones(100)
    y[50] = np.nan
    assert "nan" in Painter().paint(simple(y), View(90, 18, crosshair=50)).cells.text()[0]


def test_several_runs_are_named_and_told_apart_without_colour() -> None:
    x = np.arange(50)
    styles: tuple[Style, ...] = ("line", "dashed", "dotted")
    curves = tuple(Curve(x, x * (k + 1.0), f"run{k}", style=styles[k]) for k in range(3))
    heading = painted(Scene("loss", curves), 120).cells.text()[0]
    assert all(f"{sign} run{k}" in heading for k, sign in enumerate(("━━", "╍╍", "┅┅")))
    plain = painted(Scene("loss", curves), 120, look=Look(glyphs=ASCII))
    assert text(plain).isascii()
    assert {"*", "o", "+"} <= set("".join(plain.cells.text()[1:-2]))


def test_a_long_legend_gets_a_row_of_its_own() -> None:
    x = np.arange(50.0)
    curves = tuple(Curve(x, x, f"a-rather-long-name-{k}") for k in range(3))
    assert "a-rather-long-name-1" in painted(Scene("loss", curves), 90).cells.text()[1]


def test_a_plan_is_drawn_in_grey_and_not_named() -> None:
    x = np.arange(100)
    plan = Curve(x, x / 100, "plan", style="plan")
    picture = painted(Scene("lr", (Curve(x[:10], x[:10] / 100, "lr", style="exact"), plan)))
    assert "plan" not in picture.cells.text()[0]
    assert ink(Role.MUTED, Tone.PLAIN) in picture.cells.inks[picture.layout.plot]


def test_an_axis_reaches_to_what_is_planned() -> None:
    scene = simple(np.ones(10), axis=Axis("step", 1000))
    assert painted(scene).window == Window(0, 1000)


def test_hostile_names_are_shown_harmless_and_literally() -> None:
    scene = Scene("\x1b[31m[red]loss[/red]\x07", (Curve(np.arange(3), np.ones(3), "\u202eevil"),))
    heading = painted(scene).cells.text()[0]
    assert "[red]loss[/red]" in heading
    assert "\x1b" not in heading and "\x07" not in heading and "\u202e" not in text(painted(scene))


def test_new_points_change_few_cells() -> None:
    y = np.random.default_rng(0).normal(3, 0.1, 2000)
    axis = Axis("step", 4000, live=True)
    painter, view = Painter(), View(100, 30)
    before = painter.paint(simple(y[:1900], axis=axis), view)
    after = painter.paint(simple(y[:1901], axis=axis), view)
    changed = after.cells.changed(before.cells)
    plot = [part for part in changed if part[0] > 0]
    assert sum(end - start for _, start, end in plot) <= 4


def test_a_narrow_heading_keeps_the_value_and_the_kind_of_scale() -> None:
    y = np.random.default_rng(0).lognormal(0, 1, 500)
    for width in (20, 30, 40, 60, 100):
        heading = painted(simple(y), width, look=Look(log=True)).cells.text()[0]
        assert f"{y[-1]:.3f}"[:4] in heading
        assert width < 30 or heading.rstrip().endswith(("log", "ema 0.9"))


def test_an_axis_of_nothing_has_no_numbers() -> None:
    assert not any(character.isdigit() for character in text(painted(Scene("loss"))))
    assert "0.5" not in text(painted(simple([np.nan, np.nan])))
