"""Keys alone: every action of every screen does what its words say."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from cockpit.screens.alerts import Alerts
from cockpit.screens.checkpoints import Checkpoints
from cockpit.screens.dashboard import Dashboard
from cockpit.screens.dialogs import Choice, Text, Word
from cockpit.screens.fleet import FleetPlace
from cockpit.screens.logs import Logs
from cockpit.screens.manual import Manual
from cockpit.widgets.chart import Chart
from cockpit.widgets.listing import Listing
from engine.dialects.teaching import _ANY
from engine.runs import Run
from tests.cockpit.stage import opened, play, tale, text, until
from tests.support import journals
from tests.support.holding import keeping


def asked(run: Run) -> list[str]:
    return [json.loads(path.read_bytes())["kind"] for path in run.requests.glob("*.json")]


def test_from_the_fleet_into_a_run_and_back(logs: Path) -> None:
    tale(logs, "DONE")
    tale(logs, "FAILED 3")

    async def scene() -> None:
        async with opened(logs) as pilot:
            await until(pilot, lambda: "FAILED 3" in text(pilot) and "DONE" in text(pilot))
            assert "1 need you" in text(pilot)
            await pilot.press("w", "w", "enter")
            await until(pilot, lambda: isinstance(pilot.app.screen, Dashboard))
            assert pilot.app.screen.source.run.id.startswith("failed-3")  # type: ignore[attr-defined]
            await pilot.press("escape")
            assert isinstance(pilot.app.screen, FleetPlace)

    play(scene)


def test_filter_and_sort(logs: Path) -> None:
    for name in ("DONE", "FAILED 3", "OOM"):
        tale(logs, name)

    async def scene() -> None:
        async with opened(logs) as pilot:
            listing = pilot.app.screen.query_one(Listing)
            await until(pilot, lambda: listing.count == 3)
            await pilot.press("slash")
            assert isinstance(pilot.app.screen, Text)
            await pilot.press(*"oom", "enter")
            await until(pilot, lambda: listing.count == 1)
            await pilot.press("slash", *["backspace"] * 3, "enter")
            await until(pilot, lambda: listing.count == 3)
            await pilot.press("w", "w", "w")
            await until(pilot, lambda: "by name" in str(listing.border_title))

    play(scene)


def test_an_empty_fleet_shows_the_doors(logs: Path) -> None:
    async def scene() -> None:
        async with opened(logs) as pilot:
            await until(pilot, lambda: "No run yet" in text(pilot))
            assert "engine adopt --pid" in text(pilot)
            await pilot.press("a", "S", "R", "r")
            assert isinstance(pilot.app.screen, FleetPlace)

    play(scene)


def test_each_place_of_a_run_is_one_key_away(logs: Path) -> None:
    run = tale(logs, "FAILED 3")

    async def scene() -> None:
        async with opened(logs, run) as pilot:
            for key, place in (("l", Logs), ("c", Checkpoints), ("a", Alerts), ("d", Dashboard)):
                await pilot.press(key)
                await until(pilot, lambda place=place: isinstance(pilot.app.screen, place))  # type: ignore[misc]
            await pilot.press("question_mark")
            assert isinstance(pilot.app.screen, Manual)
            assert "engine tail" in text(pilot)
            await pilot.press("escape", "f")
            assert isinstance(pilot.app.screen, FleetPlace)

    play(scene)


def test_a_line_is_explained_where_it_stands(logs: Path) -> None:
    run = tale(logs, "FAILED 3")
    journals.append(run.attempt(1).console, b"OSError: [Errno 28] No space left on device\n")

    async def scene() -> None:
        async with opened(logs, run) as pilot:
            await pilot.press("l")
            await until(pilot, lambda: "The disk is full." in text(pilot))
            assert "engine gc" in text(pilot)
            await pilot.press("up")
            await until(pilot, lambda: "The disk is full" not in text(pilot))

    play(scene)


def test_the_palette_finds_and_does(logs: Path) -> None:
    run = tale(logs, "DONE")

    async def scene() -> None:
        async with opened(logs, run) as pilot:
            await pilot.press("colon", *"checkpo", "enter")
            await until(pilot, lambda: isinstance(pilot.app.screen, Checkpoints))
            await pilot.press("colon", *"theme", "enter")
            await until(pilot, lambda: pilot.app.theme != "cockpit")
            await pilot.press("colon")
            assert isinstance(pilot.app.screen, Choice)
            await pilot.press("escape", "f2", "f2", "f2")
            assert pilot.app.theme == "cockpit"

    play(scene)


@pytest.mark.parametrize(("key", "word"), [("S", "stop"), ("K", "kill")])
def test_ending_a_run_takes_a_typed_word(logs: Path, key: str, word: str) -> None:
    run = tale(logs, "LIVE", [journals.kept()])

    async def scene() -> None:
        with keeping(run):
            async with opened(logs, run) as pilot:
                await pilot.press(key)
                assert isinstance(pilot.app.screen, Word)
                assert "is deleted" in text(pilot) and "still billed" in text(pilot)
                await pilot.press(*"yes", "enter")
                assert isinstance(pilot.app.screen, Word) and asked(run) == []
                await pilot.press("escape", key, *word, "enter")
                await until(pilot, lambda: asked(run) == [word])

    play(scene)


def test_save_and_note_are_requests(logs: Path) -> None:
    run = tale(logs, "LIVE", [journals.kept()])

    async def scene() -> None:
        with keeping(run):
            async with opened(logs, run) as pilot:
                await pilot.press("V")
                await until(pilot, lambda: asked(run) == ["save"])
                await pilot.press("o", *"hm", "enter")
                await until(pilot, lambda: sorted(asked(run)) == ["note", "save"])

    play(scene)


def test_what_makes_no_sense_is_not_offered(logs: Path) -> None:
    run = tale(logs, "DONE")

    async def scene() -> None:
        async with opened(logs, run) as pilot:
            await pilot.press("S", "K", "V", "space", "9")
            assert isinstance(pilot.app.screen, Dashboard) and asked(run) == []
            assert " S stop" not in text(pilot)

    play(scene)


def test_a_log_is_searched_filtered_and_tied_to_the_charts(logs: Path) -> None:
    run = tale(logs, "CONSOLE")

    async def scene() -> None:
        async with opened(logs, run) as pilot:
            await pilot.press("l")
            await until(pilot, lambda: "line 50 of 50" in text(pilot))
            await pilot.press("slash", *"step 4", "enter")
            await until(pilot, lambda: "of 11 matches" in text(pilot))
            await pilot.press("n")
            assert "1 of 11" in text(pilot) and "following" not in text(pilot)
            await pilot.press("n", "N", "f", "enter")
            await until(pilot, lambda: "of 11 " in text(pilot) and "only matches" in text(pilot))
            await pilot.press("f", *"every", "enter", "F", "up", "enter")
            await until(pilot, lambda: isinstance(pilot.app.screen, Dashboard))
            chart = pilot.app.screen.query_one("#loss", Chart)
            await until(pilot, lambda: chart.crosshair == 49.0)
            await pilot.press("enter")
            await until(pilot, lambda: isinstance(pilot.app.screen, Logs))
            await until(pilot, lambda: "line 49 of 50" in text(pilot))

    play(scene)


def test_a_broken_pattern_is_told_and_harms_nothing(logs: Path) -> None:
    run = tale(logs, "DONE")

    async def scene() -> None:
        async with opened(logs, run) as pilot:
            await pilot.press("l", "slash", *"a(", "enter", "n")
            assert isinstance(pilot.app.screen, Logs)
            assert "searches" in text(pilot)

    play(scene)


def test_charts_share_crosshair_window_and_axis(logs: Path) -> None:
    run = tale(logs, "DONE")

    async def scene() -> None:
        async with opened(logs, run) as pilot:
            charts = list(pilot.app.screen.query(Chart))
            await pilot.press("left", "left")
            await until(pilot, lambda: len({chart.crosshair for chart in charts}) == 1)
            assert charts[0].crosshair is not None
            await pilot.press("z")
            await until(pilot, lambda: all(chart.window == charts[0].window for chart in charts))
            await pilot.press("t")
            assert charts[0].scene.axis.kind == "time" and charts[0].window is None

    play(scene)


def test_a_checkpoint_is_resumed_from_only_by_a_typed_word(logs: Path, tmp_path: Path) -> None:
    run = tale(logs, "DONE")

    async def scene() -> None:
        async with opened(logs, run) as pilot:
            await pilot.press("R")
            await until(pilot, lambda: isinstance(pilot.app.screen, Checkpoints))
            await pilot.press("enter", "v")
            assert isinstance(pilot.app.screen, Checkpoints)
            assert "no checkpoint to go on from" in text(pilot) and asked(run) == []

    play(scene)


def test_copying_says_the_command(logs: Path) -> None:
    run = tale(logs, "DONE")

    async def scene() -> None:
        async with opened(logs, run) as pilot:
            await pilot.press("a", "y")
            await until(pilot, lambda: pilot.app.clipboard == f"engine alerts {run.id}")

    play(scene)


def test_a_line_is_taught_by_naming_its_numbers(logs: Path) -> None:
    run = tale(logs, "LIVE", [journals.kept()])
    journals.append(run.attempt(1).console, b"ep 3 of 9 err 2.25\n")

    async def scene() -> None:
        with keeping(run):
            async with opened(logs, run) as pilot:
                await pilot.press("l")
                await until(pilot, lambda: "err 2.25" in text(pilot))
                await pilot.press("T")
                await until(pilot, lambda: isinstance(pilot.app.screen, Text))
                assert "3: 2.25" in text(pilot)
                await pilot.press(*["backspace"] * 30, *"loss=3", "enter")
                await until(pilot, lambda: asked(run) == ["dialect"])

    play(scene)
    (body,) = (json.loads(path.read_bytes()) for path in run.requests.glob("*.json"))
    assert body["dialect"] == rf"taught:err\s+(?P<loss>{_ANY})"
