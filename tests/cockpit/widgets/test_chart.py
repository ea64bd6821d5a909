"""The widget in a running app: what keys and mouse do, and how little is drawn for it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from textual.events import MouseScrollUp
from textual.pilot import Pilot

from cockpit.plot.curve import Axis, Look
from cockpit.plot.window import Window
from cockpit.widgets.chart import Chart
from tests.cockpit.widgets.charts import Screen, scene, shown, tried


def test_it_fills_its_space_at_every_size() -> None:
    async def look(app: Screen, pilot: Pilot[None]) -> None:
        for size in ((20, 4), (60, 20), (80, 24), (120, 40), (200, 60), (3, 3)):
            await pilot.resize_terminal(*size)
            await pilot.pause()
            rows = shown(app.charts[0]).splitlines()
            width, height = app.charts[0].content_size
            assert len(rows) == height and all(len(row) == width for row in rows)

    tried(look)


def test_a_new_point_sends_a_few_cells_once() -> None:
    async def grow(app: Screen, pilot: Pilot[None]) -> None:
        chart = app.charts[0]
        before = shown(chart)
        chart.forget()
        chart.scene = scene(2001)
        await pilot.pause()
        assert chart.paints == 1
        assert shown(chart) != before
        assert 0 < sum(region.area for region in chart.sent) < 80

    tried(grow)


def test_many_reasons_are_one_redraw() -> None:
    async def hurry(app: Screen, pilot: Pilot[None]) -> None:
        chart = app.charts[0]
        chart.forget()
        chart.scene, chart.crosshair, chart.look = scene(2100), 500.0, Look(0.5)
        chart.window = Window(0, 1000)
        await pilot.pause()
        assert chart.paints == 1

    tried(hurry)


def test_what_did_not_change_is_not_drawn() -> None:
    async def wait(app: Screen, pilot: Pilot[None]) -> None:
        chart = app.charts[0]
        chart.forget()
        chart.scene = replace(chart.scene)
        await pilot.pause()
        assert chart.sent == []
        chart.forget()
        await pilot.pause(0.3)
        assert chart.paints == 0 and chart.sent == []

    tried(wait)


def test_what_was_sent_leaves_nothing_behind() -> None:
    """Every row on the terminal is what a fresh chart of the same state would show."""

    async def move(app: Screen, pilot: Pilot[None]) -> None:
        chart = app.charts[0]
        for step in range(3):
            chart.crosshair = 100.0 + 700 * step
            chart.scene = scene(2000 + 300 * step)
            await pilot.pause()
            lines = app.screen._compositor.render_strips()
            region = chart.content_region
            on_screen = ["".join(s.text for s in strip) for strip in lines]
            seen = [row[region.x : region.right] for row in on_screen[region.y : region.bottom]]
            assert seen == shown(chart).splitlines()

    tried(move)


def test_keys_move_the_window() -> None:
    async def press(app: Screen, pilot: Pilot[None]) -> None:
        chart = app.charts[0]
        await pilot.press("up")
        assert chart.window is not None and chart.window.width == pytest.approx(2000)
        await pilot.press("shift+left")
        assert chart.window.lo < 1000
        await pilot.press("end", "down")
        await pilot.press("home")
        assert chart.window is None
        await pilot.press("z")
        assert chart.window is not None and chart.window.width == pytest.approx(1000)
        await pilot.press("z")
        assert chart.window is None
        assert len(app.of(Chart.Framed)) >= 5

    tried(press)


def test_end_follows_the_newest() -> None:
    async def follow(app: Screen, pilot: Pilot[None]) -> None:
        chart = app.charts[0]
        chart.scene = scene(1000, axis=Axis("step"))
        chart.window = Window(0, 100)
        await pilot.pause()
        await pilot.press("end")
        assert chart.window is not None and chart.window.follow
        chart.scene = scene(3000, axis=Axis("step"))
        await pilot.pause()
        assert "3k" in shown(chart).splitlines()[-1]

    tried(follow)


def test_keys_change_the_look() -> None:
    async def press(app: Screen, pilot: Pilot[None]) -> None:
        chart = app.charts[0]
        await pilot.press("plus")
        assert chart.look.smoothing == 0.95
        for _ in range(8):
            await pilot.press("minus")
        assert chart.look.smoothing == 0.0
        await pilot.press("y")
        assert chart.look.log and "log" in shown(chart).splitlines()[0]
        assert len(app.of(Chart.Restyled)) == 6

    tried(press)


def test_the_pointer_is_shared_and_leaves() -> None:
    async def hover(app: Screen, pilot: Pilot[None]) -> None:
        await pilot.hover(app.charts[0], offset=(44, 5))
        await pilot.pause()
        x = app.charts[0].crosshair
        assert x is not None and 1500 < x < 2500
        assert app.charts[1].crosshair == x
        assert f"step {round(x):,}"[:8] in shown(app.charts[1]).splitlines()[0]
        await pilot.hover(app.charts[0], offset=(2, 1))
        await pilot.pause()
        assert app.charts[1].crosshair is None

    tried(hover, count=2)


def test_arrows_move_the_crosshair_by_cells_and_enter_picks_it() -> None:
    async def press(app: Screen, pilot: Pilot[None]) -> None:
        await pilot.press("left", "left", "right", "enter")
        pointed = [told.x for told in app.of(Chart.Pointed) if isinstance(told, Chart.Pointed)]
        assert len(pointed) == 3 and pointed[0] == pointed[2]
        picked = app.of(Chart.Picked)
        assert isinstance(picked[0], Chart.Picked) and picked[0].x == pointed[-1]

    tried(press)


def test_a_click_picks_x_and_the_wheel_zooms_there() -> None:
    async def use(app: Screen, pilot: Pilot[None]) -> None:
        chart = app.charts[0]
        await pilot.click(chart, offset=(44, 5))
        picked = app.of(Chart.Picked)
        assert isinstance(picked[0], Chart.Picked) and 1500 < picked[0].x < 2500
        await pilot._post_mouse_events([MouseScrollUp], chart, offset=(44, 5))
        await pilot.pause()
        assert chart.window is not None and chart.window.width == pytest.approx(3200)
        assert chart.window.lo < picked[0].x < chart.window.hi

    tried(use)


def test_dragging_pans_and_picks_nothing() -> None:
    async def drag(app: Screen, pilot: Pilot[None]) -> None:
        chart = app.charts[0]
        chart.window = Window(1000, 2000)
        await pilot.pause()
        await pilot.mouse_down(chart, offset=(44, 5))
        await pilot.hover(chart, offset=(34, 5))
        await pilot.mouse_up(chart, offset=(34, 5))
        assert chart.window.lo > 1000 and chart.window.width == pytest.approx(1000)
        assert app.of(Chart.Picked) == []

    tried(drag)
