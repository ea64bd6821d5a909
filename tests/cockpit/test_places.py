"""Keys alone: the screens beside the dashboard, and what each lets one do."""

from __future__ import annotations

from pathlib import Path

import pytest
from textual.pilot import Pilot

from cockpit.app import Cockpit
from cockpit.screens.compare import Compare
from cockpit.screens.dashboard import Dashboard
from cockpit.screens.fleet import FleetPlace
from cockpit.screens.logs import Logs
from cockpit.screens.metrics import Metrics
from cockpit.screens.new import New
from cockpit.screens.record import Record
from cockpit.screens.samples import Samples
from cockpit.widgets.chart import Chart
from engine.events import Row
from engine.events import keeper as k
from engine.events import trainer as t
from engine.runs import Run
from tests.cockpit.stage import T0, Told, opened, play, tale, text, until
from tests.support import journals

SAID: list[Told] = [
    ("1/trainer", Row(T0 + 51, 51, {"loss": 2.9, "layer.1/norm": 3.0, "layer.2/norm": 4.0})),
    ("1/trainer", t.Sampled(T0 + 22, 20, "In 1834,", "the the the of the the the of")),
    ("1/trainer", t.Sampled(T0 + 42, 40, "In 1834,", "I walked\nthrough the streets")),
    ("keeper", k.Noted(T0 + 9, "id", "looks [b]well[/b]", "ann")),
]


def clipboard(pilot: Pilot[None]) -> str:
    return pilot.app.clipboard


def test_the_wall_has_every_metric_and_a_pattern_picks(logs: Path) -> None:
    run = tale(logs, "DONE", SAID)

    async def scene() -> None:
        async with opened(logs, run) as pilot:
            await pilot.press("w")
            await until(pilot, lambda: isinstance(pilot.app.screen, Metrics))
            screen = pilot.app.screen
            await until(pilot, lambda: len(screen.query(Chart)) == 3)
            await pilot.press("slash", *"layer", "enter")
            await until(pilot, lambda: len(screen.query(Chart)) == 2 and "2 of 3" in text(pilot))
            await pilot.press("slash", *"(", "enter", "B")
            assert "2 of 3" in text(pilot)
            await pilot.press("left")
            charts = list(screen.query(Chart))
            await until(pilot, lambda: len({chart.crosshair for chart in charts}) == 1)
            await pilot.press("d")
            await until(pilot, lambda: isinstance(pilot.app.screen, Dashboard))

    play(scene)


def test_what_the_model_wrote_is_read_newest_first(logs: Path) -> None:
    run = tale(logs, "DONE", SAID)

    async def scene() -> None:
        async with opened(logs, run) as pilot:
            await pilot.press("p")
            await until(pilot, lambda: isinstance(pilot.app.screen, Samples))
            await until(pilot, lambda: "through the streets" in text(pilot))
            assert text(pilot).index("I walked") < text(pilot).index("the the the")
            assert "⚠ 33 %" in text(pilot)
            await pilot.press("down", "y")
            await until(pilot, lambda: "step 20" in text(pilot))
            assert clipboard(pilot) == f"engine tail {run.id} --events"

    play(scene)


def test_probe_is_not_offered_where_nothing_was_written(logs: Path) -> None:
    run = tale(logs, "DONE")

    async def scene() -> None:
        async with opened(logs, run) as pilot:
            await pilot.press("p")
            assert isinstance(pilot.app.screen, Dashboard) and " p probe" not in text(pilot)

    play(scene)


def test_the_record_tells_where_a_run_came_from(logs: Path) -> None:
    run = tale(logs, "FAILED 3", SAID)

    async def scene() -> None:
        async with opened(logs, run) as pilot:
            await pilot.press("I")
            await until(pilot, lambda: isinstance(pilot.app.screen, Record))
            await until(pilot, lambda: "exit 3" in text(pilot))
            assert "ann “looks [b]well[/b]”" in text(pilot)
            await pilot.press("y")
            assert clipboard(pilot) == f"engine status {run.id} --json"

    play(scene)


def test_marked_runs_are_compared(logs: Path) -> None:
    one, two = tale(logs, "DONE"), tale(logs, "FAILED 3", SAID)
    one.profile.write_text('{"optim": {"learning_rate": 0.1}, "name": "x"}')
    two.profile.write_text('{"optim": {"learning_rate": 0.2}, "name": "x"}')

    async def scene() -> None:
        async with opened(logs) as pilot:
            await until(pilot, lambda: "FAILED 3" in text(pilot) and "DONE" in text(pilot))
            await pilot.press("space", "down", "space", "x")
            await until(pilot, lambda: isinstance(pilot.app.screen, Compare))
            chart = pilot.app.screen.query_one(Chart)
            await until(pilot, lambda: len(chart.scene.curves) == 2)
            assert "≠ optim.learning_rate" in text(pilot) and "= name" not in text(pilot)
            await pilot.press("e")
            await until(pilot, lambda: "= name" in text(pilot))
            await pilot.press("t", "n")
            await until(pilot, lambda: chart.scene.axis.kind == "time")
            assert chart.scene.title == "layer.1/norm"
            await pilot.press("tab", "y")
            assert clipboard(pilot).count("engine status") == 2
            await pilot.press("escape")
            assert isinstance(pilot.app.screen, FleetPlace)

    play(scene)


def test_one_run_alone_is_not_compared(logs: Path) -> None:
    tale(logs, "DONE")

    async def scene() -> None:
        async with opened(logs) as pilot:
            await until(pilot, lambda: "DONE" in text(pilot))
            await pilot.press("x", "space", "space")
            assert isinstance(pilot.app.screen, FleetPlace)

    play(scene)


def test_a_new_run_is_looked_at_first(
    logs: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(home)
    (home / "profiles").mkdir()
    (home / "profiles" / "bad.toml").write_text('recipe = "dance"\n')

    async def scene() -> None:
        async with opened(logs) as pilot:
            await pilot.press("n")
            await until(pilot, lambda: isinstance(pilot.app.screen, New))
            await until(pilot, lambda: "bad.toml:1" in text(pilot))
            assert "engine launch profiles/bad.toml" in text(pilot)
            await pilot.press("enter", "L", "y")
            assert isinstance(pilot.app.screen, New) and not logs.exists()
            assert clipboard(pilot) == "engine launch profiles/bad.toml"
            await pilot.press("escape")
            assert isinstance(pilot.app.screen, FleetPlace)

    play(scene)


def test_the_palette_copies_a_command(logs: Path) -> None:
    run = tale(logs, "DONE")

    async def scene() -> None:
        async with opened(logs, run) as pilot:
            await pilot.press("colon", *"checkpoints", "ctrl+y")
            await until(pilot, lambda: clipboard(pilot) == f"engine checkpoints {run.id}")
            await pilot.press("escape", "colon", *"log scale", "enter")
            chart = pilot.app.screen.query_one("#loss", Chart)
            await until(pilot, lambda: chart.look.log)

    play(scene)


def failing(logs: Path) -> Run:
    run = tale(logs, "FAILED 3")
    journals.append(run.attempt(1).console, b"CUDA out of memory. Tried to allocate 2.00 GiB\n")
    return run


def test_a_line_is_explained_and_a_digit_copies_what_helps(logs: Path) -> None:
    run = failing(logs)

    async def scene() -> None:
        async with opened(logs, run) as pilot:
            await pilot.press("l")
            await until(pilot, lambda: "The GPU had no room" in text(pilot))
            await pilot.press("1")
            assert clipboard(pilot).startswith(f"engine fork {run.id} --from latest")
            await pilot.press("2", "9", "w", "f", *"errors", "enter")
            await until(
                pilot, lambda: "only errors" in text(pilot) and "line 1 of 1" in text(pilot)
            )
            await pilot.press("r")
            await until(pilot, lambda: isinstance(pilot.app.screen, Dashboard))

    play(scene)


def test_the_bar_of_a_recording_is_on_every_screen_and_a_click_moves_it(logs: Path) -> None:
    run = tale(logs, "RESUMED", SAID)

    async def scene() -> None:
        async with opened(logs, run, tape=True) as pilot:
            head = pilot.app.screen.head  # type: ignore[attr-defined]
            await until(pilot, lambda: head.position.end > 0)
            await pilot.press("space")
            for key in "lcaId":
                await pilot.press(key)
                await until(pilot, lambda: "paused" in text(pilot))
            bar = pilot.app.screen.query_one("#transport")
            await pilot.click(bar, offset=(bar.size.width // 2, 1))
            assert 0.4 < head.position.share < 0.6
            await pilot.press("l", "0")
            assert head.position.share == 0.0 and isinstance(pilot.app.screen, Logs)

    play(scene)


def test_the_axis_stays_from_screen_to_screen(logs: Path) -> None:
    run = tale(logs, "DONE", SAID)

    async def scene() -> None:
        async with opened(logs, run) as pilot:
            app = pilot.app
            assert isinstance(app, Cockpit)
            await pilot.press("t", "w")
            await until(pilot, lambda: len(app.screen.query(Chart)) == 3)
            assert {chart.scene.axis.kind for chart in app.screen.query(Chart)} == {"time"}
            await pilot.press("t")
            assert app.axis == "step"

    play(scene)


def test_from_a_chart_over_time_to_the_log_and_back(logs: Path) -> None:
    run = tale(logs, "CONSOLE")

    async def scene() -> None:
        async with opened(logs, run) as pilot:
            await pilot.press("left", "enter")
            await until(pilot, lambda: isinstance(pilot.app.screen, Logs))
            await pilot.press("enter")
            await until(pilot, lambda: isinstance(pilot.app.screen, Dashboard))

    play(scene)
