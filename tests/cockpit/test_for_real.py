"""A real run, from the keys alone: launched, watched, stopped, resumed, replayed."""

from __future__ import annotations

from pathlib import Path

import pytest

from cockpit.screens.checkpoints import Checkpoints
from cockpit.screens.dashboard import Dashboard
from cockpit.screens.fleet import FleetPlace
from engine.runs import every
from tests.cockpit.stage import opened, play, text, until

ROOT = Path(__file__).parents[2]
PROFILE = """
name = "tiny"
recipe = "command"
[command]
argv = ["python3", "{script}", "--steps", "4000", "--pause", "0.05", "--save-every", "5", "--out", "out"]
resume = ["--resume", "{{path}}"]
[checkpoints]
glob = "out/step-*.json"
kind = "file"
[recover]
attempts = 0
"""


@pytest.mark.leaves("the run of this test is killed at its end")
def test_launch_watch_stop_resume_replay(
    logs: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(home)
    (home / "profiles").mkdir()
    script = ROOT / "profiles" / "scripts" / "fit.py"
    (home / "profiles" / "tiny.toml").write_text(PROFILE.format(script=script))

    async def scene() -> None:
        async with opened(logs) as pilot:
            await pilot.press("n", "enter")
            await until(pilot, lambda: isinstance(pilot.app.screen, Dashboard))
            await until(pilot, lambda: "LIVE" in text(pilot) and "loss=" in text(pilot))
            await until(pilot, lambda: list(home.glob("out/step-5.json")) != [])
            await pilot.press("S", *"stop", "enter")
            await until(pilot, lambda: "STOPPED" in text(pilot))
            await pilot.press("R")
            await until(pilot, lambda: isinstance(pilot.app.screen, Checkpoints))
            await until(pilot, lambda: ".json" in text(pilot))
            await pilot.press("enter", *"resume", "enter")
            await until(pilot, lambda: "attempt 2" in text(pilot) and "✔" in text(pilot))
            await pilot.press("d")
            await until(pilot, lambda: "LIVE" in text(pilot))
            await pilot.press("K", *"kill", "enter")
            await until(pilot, lambda: "STOPPED" in text(pilot))
            await pilot.press("r")
            await until(pilot, lambda: "playing" in text(pilot))
            await pilot.press("f")
            assert isinstance(pilot.app.screen, FleetPlace)

    play(scene)
    assert len(every(logs)) == 1
