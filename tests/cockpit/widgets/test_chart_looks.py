"""What a chart looks like in each theme, and that foreign text stays text."""

from __future__ import annotations

import pytest
from textual.pilot import Pilot

from tests.cockpit.widgets.charts import Screen, scene, shown, tried


def test_markup_and_control_characters_are_shown_not_obeyed() -> None:
    async def show(app: Screen, pilot: Pilot[None]) -> None:
        chart = app.charts[0]
        chart.scene = scene(title="[@click=app.bell]x[/] \x1b]0;own\x07")
        await pilot.pause()
        heading = shown(chart).splitlines()[0]
        assert "[@click=app.bell]x[/]" in heading
        assert "\x1b" not in heading and "\x07" not in heading

    tried(show)


@pytest.mark.parametrize("theme", ("textual-dark", "textual-light", "nord", "ansi-dark"))
def test_raw_and_average_differ_in_every_theme(theme: str) -> None:
    async def look(app: Screen, pilot: Pilot[None]) -> None:
        app.theme = theme
        await pilot.pause()
        chart = app.charts[0]
        colours = {
            segment.style.color.name
            for row in range(1, chart.content_size.height - 2)
            for segment in chart.render_line(row)
            if segment.style and segment.style.color and "⠀" < segment.text[0] <= "⣿"
        }
        assert len(colours) == 2

    tried(look)


def test_a_change_of_theme_changes_the_colours() -> None:
    async def look(app: Screen, pilot: Pilot[None]) -> None:
        chart = app.charts[0]
        dark = chart.render_line(0)
        app.theme = "textual-light"
        await pilot.pause()
        assert [s.text for s in chart.render_line(0)] == [s.text for s in dark]
        assert [s.style for s in chart.render_line(0)] != [s.style for s in dark]

    tried(look)
