"""An app of charts that notes what was said, painted and sent."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import numpy as np
from textual.app import App, ComposeResult
from textual.geometry import Region
from textual.pilot import Pilot

from cockpit.plot.cells import Cells
from cockpit.plot.curve import Axis, Curve, Mark, Scene
from cockpit.widgets.chart import Chart

AXIS = Axis("step", 4000, live=True)


def scene(count: int = 2000, title: str = "loss", axis: Axis = AXIS) -> Scene:
    y = 2 + np.random.default_rng(0).normal(0, 0.1, 4000)
    curve = Curve(np.arange(count), y[:count], "loss")
    return Scene(title, (curve,), marks=(Mark(1000, "checkpoint"),), axis=axis)


class Watched(Chart):
    """Notes how often it is painted, and what is then sent to the terminal."""

    def __init__(self, scene: Scene) -> None:
        super().__init__(scene)
        self.paints = 0
        self.sent: list[Region] = []

    def cells(self, width: int, height: int) -> Cells:
        self.paints += 1
        return super().cells(width, height)

    def refresh(self, *regions: Region, **more: bool) -> Watched:
        self.sent += regions or (Region(0, 0, *self.size),)
        super().refresh(*regions, **more)
        return self

    def forget(self) -> None:
        self.paints, self.sent = 0, []


class Screen(App[None]):
    CSS = "Chart { border: round grey; }"

    def __init__(self, count: int = 1) -> None:
        super().__init__()
        self.charts = [Watched(scene()) for _ in range(count)]
        self.said: list[Chart.Said] = []

    def compose(self) -> ComposeResult:
        yield from self.charts

    def on_chart_pointed(self, told: Chart.Pointed) -> None:
        self.said.append(told)
        for chart in self.charts:
            chart.crosshair = told.x

    def on_chart_picked(self, told: Chart.Picked) -> None:
        self.said.append(told)

    def on_chart_framed(self, told: Chart.Framed) -> None:
        self.said.append(told)

    def on_chart_restyled(self, told: Chart.Restyled) -> None:
        self.said.append(told)

    def of(self, kind: type[Chart.Said]) -> list[Chart.Said]:
        return [told for told in self.said if isinstance(told, kind)]


def shown(chart: Chart) -> str:
    return "\n".join(
        "".join(segment.text for segment in chart.render_line(row))
        for row in range(chart.content_size.height)
    )


def tried(
    what: Callable[[Screen, Pilot[None]], Awaitable[None]],
    size: tuple[int, int] = (80, 24),
    count: int = 1,
) -> None:
    async def run() -> None:
        app = Screen(count)
        async with app.run_test(size=size) as pilot:
            await pilot.pause()
            app.charts[0].focus()
            await pilot.pause()
            await what(app, pilot)

    asyncio.run(run())
