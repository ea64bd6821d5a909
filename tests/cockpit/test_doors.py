"""A new user's first screen: three doors, each of them open; and a recording that plays while torch is installed."""

from __future__ import annotations

import subprocess
import sys
from functools import partial
from pathlib import Path

import pytest
from textual.pilot import Pilot

from cockpit import demo
from cockpit.app import Cockpit, Opening
from cockpit.cli import main
from cockpit.demo import Setup
from cockpit.doors import doors
from cockpit.screens.dashboard import Dashboard
from cockpit.screens.dialogs import Text
from cockpit.screens.fleet import FleetPlace
from cockpit.screens.new import New
from cockpit.widgets.listing import Listing
from engine import launching, shipped
from engine.runs import Run, every
from tests.cockpit.stage import SIZES, opened, play, text, until

INSTALL = """
import pathlib, time
print("Downloading torch", flush=True)
while not pathlib.Path("done").exists():
    time.sleep(0.05)
"""


async def through(pilot: Pilot[None], kind: str, nth: int = 0) -> None:
    """Enter on a door."""
    await until(pilot, lambda: "No run yet" in text(pilot))
    shown = doors(shipped.recordings(Path("none")))
    [*places] = [at for at, door in enumerate(shown) if door.kind == kind]
    await pilot.press(*["down"] * places[nth], "enter")


def test_each_recording_has_a_door_and_each_door_a_command() -> None:
    runs = shipped.recordings(Path("none"))
    found = doors(runs)
    assert [door.kind for door in found] == ["demo", "replay", "replay", "watch", "new"]
    assert {run.id[:-21] for run in runs} == {"demo", "letters"}
    assert all(door.command.startswith(("engine ", "cockpit ")) for door in found)
    for width, _ in SIZES:
        for door in found:
            assert sum(len(part) for part, _ in door.line(width)) or width < 80


@pytest.mark.parametrize("nth", [0, 1])
def test_a_recording_plays_sixty_times_as_fast(logs: Path, nth: int) -> None:
    async def scene() -> None:
        async with opened(logs) as pilot:
            await through(pilot, "replay", nth)
            await until(pilot, lambda: isinstance(pilot.app.screen, Dashboard))
            head = pilot.app.screen.source.head  # type: ignore[attr-defined]
            assert head.position.speed == 60.0
            await until(pilot, lambda: "transport" in text(pilot))

    play(scene)


@pytest.mark.leaves("the adopted training ends with the test, its keeper a moment later")
def test_what_runs_already_is_watched_by_its_number(logs: Path, tmp_path: Path) -> None:
    script = tmp_path / "train.py"
    script.write_text("import time\nprint('step 1 loss 2.5', flush=True)\ntime.sleep(60)\n")
    with (tmp_path / "log").open("w") as log:
        hand = subprocess.Popen([sys.executable, str(script)], stdout=log, cwd=tmp_path)

    async def scene() -> None:
        async with opened(logs) as pilot:
            await through(pilot, "watch")
            await until(pilot, lambda: isinstance(pilot.app.screen, Text))
            await pilot.press(*str(hand.pid), "enter")
            await until(pilot, lambda: isinstance(pilot.app.screen, Dashboard))
            [run] = every(logs)
            assert run.id.startswith("train-")

    try:
        play(scene)
    finally:
        hand.kill()
        hand.wait()


def test_a_project_leads_to_its_profiles(logs: Path) -> None:
    async def scene() -> None:
        async with opened(logs) as pilot:
            await through(pilot, "new")
            await until(pilot, lambda: isinstance(pilot.app.screen, New))

    play(scene)


def test_the_demo_is_launched_from_where_it_lies(
    logs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Standing anywhere, and once: the second asking finds the first one's run. Nothing is trained here."""
    launched: list[Path] = []

    def launch(chosen: object, cwd: Path) -> Run:
        launched.append(cwd)
        return Run(logs / "demo-20261127-000000-abcd")

    monkeypatch.setattr(launching, "launch", launch)
    monkeypatch.setattr(demo, "trains", lambda: True)
    monkeypatch.chdir(tmp_path)
    demo.start(logs)
    assert launched == [shipped.root()] and (launched[0] / shipped.DEMO).is_file()


def test_without_torch_the_demo_says_in_a_sentence_what_to_install(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(demo, "trains", lambda: False)
    assert main(["demo"]) == 2
    said = capsys.readouterr().err
    assert "torch" in said and "pip install 'training-cockpit[train]'" in said


def installing(logs: Path, setup: Setup) -> Cockpit:
    recorded = shipped.recordings(Path("none"))[0]
    return Cockpit(Opening(partial(every, logs), recorded, True, 60.0, setup=setup))


def test_what_is_installed_is_in_view_on_every_screen_and_then_the_demo_begins(
    logs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Path] = []
    monkeypatch.setattr(demo, "start", lambda folder: asked.append(folder) or "started")  # type: ignore[func-returns-value]
    (tmp_path / "install.py").write_text(INSTALL)
    monkeypatch.chdir(tmp_path)
    setup = Setup(f"{sys.executable} install.py")

    async def scene() -> None:
        app = installing(logs, setup)
        async with app.run_test(size=(120, 40)) as pilot:
            await until(pilot, lambda: "installing what the demo trains with" in text(pilot))
            await until(pilot, lambda: "Downloading torch" in text(pilot))
            await until(pilot, lambda: getattr(app.screen, "moment", None) is not None)
            await pilot.press("f")
            await until(pilot, lambda: isinstance(app.screen, FleetPlace))
            await until(pilot, lambda: "Downloading torch" in text(pilot))
            assert app.screen.query(Listing)
            (tmp_path / "done").touch()
            await until(pilot, lambda: bool(asked))
            await until(pilot, lambda: "installing what" not in text(pilot))

    play(scene)


def test_an_installation_that_fails_says_so_and_the_recording_goes_on(logs: Path) -> None:
    setup = Setup(f"{sys.executable} -c \"print('no route to pypi'); raise SystemExit(1)\"")

    async def scene() -> None:
        async with installing(logs, setup).run_test(size=(120, 40)) as pilot:
            await until(pilot, lambda: "not installed:" in text(pilot))
            assert "no route to pypi" in text(pilot) and "make run tries again" in text(pilot)
            assert isinstance(pilot.app.screen, Dashboard)

    play(scene)


def test_an_installation_ends_with_the_screen(tmp_path: Path) -> None:
    setup = Setup(f'{sys.executable} -c "import time; time.sleep(60)"')
    import threading

    thread = threading.Thread(target=setup.run)
    thread.start()
    while setup._process is None:
        thread.join(0.01)
    setup.end()
    thread.join(20)
    assert not thread.is_alive() and setup.status not in (None, 0)


def test_an_installation_finds_the_demo_and_a_recording_beside_it(tmp_path: Path) -> None:
    """As below a prefix; a prefix without them has none, which is said."""
    program = tmp_path / "lib/python3.12/site-packages/engine"
    program.mkdir(parents=True)
    assert shipped.root(program) is None
    laid = tmp_path / shipped.SHARE / shipped.DEMO
    laid.parent.mkdir(parents=True)
    laid.touch()
    assert shipped.root(program) == tmp_path / shipped.SHARE
