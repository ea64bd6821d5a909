from __future__ import annotations

import asyncio

import numpy as np
import pytest
from textual.app import App, ComposeResult

from cockpit.plot.cells import Role
from cockpit.plot.strip import History
from cockpit.widgets.chart_small import HeatStrip, Meter, Strip
from cockpit.widgets.painted import Painted


class Screen(App[None]):
    def compose(self) -> ComposeResult:
        yield Strip()
        yield HeatStrip()
        yield Meter()


def shown(widget: Painted) -> str:
    return "".join(segment.text for segment in widget.render_line(0))


def test_each_shows_its_value_and_its_absence() -> None:
    async def run() -> None:
        app = Screen()
        async with app.run_test(size=(10, 3)) as pilot:
            await pilot.pause()
            strip, heat = app.query(Strip).first(), app.query_one(HeatStrip)
            meter = app.query_one(Meter)
            assert shown(strip).strip() == ""
            assert shown(meter) == "·" * 10
            history = History(np.array([0.0, 100.0]), (0, 100), ((90, Role.ALERT),))
            strip.history = heat.history = history
            meter.part = 0.25
            await pilot.pause()
            assert shown(strip).endswith("▁█")
            assert shown(heat).endswith("░█")
            assert shown(meter) == "██▌░░░░░░░"

    asyncio.run(run())


def test_without_colour_shapes_remain(monkeypatch: pytest.MonkeyPatch) -> None:
    async def run() -> None:
        monkeypatch.setenv("NO_COLOR", "1")
        app = Screen()
        async with app.run_test(size=(10, 3)) as pilot:
            app.query_one(Meter).part = 0.5
            await pilot.pause()
            colours = {
                segment.style.color.get_truecolor()
                for strip in app.screen._compositor.render_strips()
                for segment in strip.apply_filter(app._filters[-1], app.background_colors[0])
                if segment.style and segment.style.color
            }
            assert app.no_color
            assert all(len(set(colour)) == 1 for colour in colours)
            assert shown(app.query_one(Meter)) == "█████░░░░░"

    asyncio.run(run())
