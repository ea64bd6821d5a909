"""The screens that are about more than one run, or about none, as they look; kept and drawn as the others are."""

from __future__ import annotations

import re
import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Generic, TypeVar

import pytest

from cockpit.app import Cockpit
from cockpit.aside import Answer
from cockpit.screens.compare import Compare
from cockpit.screens.costs import Costs
from cockpit.screens.dashboard import Dashboard
from cockpit.screens.fleet import FleetPlace
from cockpit.screens.hosts import Hosts
from cockpit.screens.mix import Mix
from cockpit.screens.new import New
from cockpit.watching.roster import Fleet, Roster, Row
from cockpit.watching.source import Tape
from engine.runs import Run
from tests.cockpit.stage import NOW, SIZES, Pinned, opened, play, until
from tests.cockpit.test_pictures import NAMES, STATES, compared, shot, told_run
from tests.engine.data import grain

V = TypeVar("V")
HOSTS = f"""
[a30]
address = "me@a30x2.lab.example"
fingerprint = "SHA256:{"A" * 43}"
[pod-4090]
address = "root@213.173.98.6:14385"
fingerprint = "SHA256:{"B" * 43}"
price_hour = 0.59
"""
FOUND = {
    "node": "a30x2",
    "root": "/home/me/.cockpit",
    "python": "3.10.12",
    "cpus": 32,
    "ram_bytes": 270_000_000_000,
    "disk_free_bytes": 4_000_000_000,
    "disk_total_bytes": 1_900_000_000_000,
    "programs": {"git": "/usr/bin/git", "rsync": None, "tar": "/bin/tar"},
    "gpus": ["NVIDIA A30, 24576 MiB, 550.54", "NVIDIA A30, 24576 MiB, 550.54"],
    "rtt_s": 0.041,
    "clock_offset_s": 0.31,
    "clock_plus_minus_s": 0.02,
    "missing": ["less than 5 GB of disk: a checkpoint may not fit"],
}
AWAY = Answer(
    trouble=("engine: pod-4090 does not answer: timed out", "  → engine hosts test pod-4090")
)


class Once(Generic[V]):
    """A source with one thing to show."""

    def __init__(self, found: V, runs: Sequence[Run] = ()) -> None:
        self.runs = tuple(runs)
        self._found: V | None = found

    def look(self) -> V | None:
        found, self._found = self._found, None
        return found


def standing(runs: list[Run]) -> Once[Fleet]:
    """A fleet as it stood when its runs' tales were told."""
    seen = {run.id: Pinned(run).look() for run in runs}
    found = Roster(lambda: runs, seen.get).look()
    return Once(replace(found or Fleet(), now=NOW))


@pytest.mark.parametrize("size", SIZES, ids=NAMES)
def test_the_fleet_looks_as_it_should(logs: Path, tmp_path: Path, size: tuple[int, int]) -> None:
    runs = [told_run(logs, state) for state in STATES]
    drawn = list[str]()

    async def scene() -> None:
        async with opened(tmp_path / "none", size=size) as pilot:
            app = pilot.app
            assert isinstance(app, Cockpit)
            for name, some in (("empty", []), ("full", runs)):
                feed = app.follow(standing(some))
                app.push_screen(FleetPlace(feed))
                await until(pilot, lambda feed=feed: feed.latest is not None)  # type: ignore[misc]
                app.screen.renew()  # type: ignore[attr-defined]
                drawn.append(await shot(pilot, f"fleet {name}"))

    play(scene)
    compared("fleet", size, drawn)


@pytest.mark.parametrize("size", SIZES, ids=NAMES)
def test_the_machines_look_as_they_should(
    logs: Path, home: Path, tmp_path: Path, size: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    (home / "hosts.toml").write_text(HOSTS)
    run = told_run(logs, "done")
    run.keeper.write_bytes(run.keeper.read_bytes().replace(b'"local"', b'"a30"'))
    drawn = list[str]()

    async def scene() -> None:
        async with opened(tmp_path / "none", size=size) as pilot:
            app = pilot.app
            assert isinstance(app, Cockpit)
            feed = app.follow(standing([run]))
            screen = Hosts(feed)
            app.push_screen(screen)
            await until(pilot, lambda: feed.latest is not None and bool(screen.query("#list")))
            screen._hosts = [replace(one, source="hosts.toml") for one in screen._hosts]
            screen._visits.update({"a30": Answer((FOUND,)), "pod-4090": AWAY})
            for name in ("local", "a30", "pod-4090"):
                screen.renew()
                drawn.append(await shot(pilot, f"hosts {name}"))
                await pilot.press("down")

    play(scene)
    compared("hosts", size, drawn)


def billed(name: str, day: str = "20260921", live: bool = False, **more: Any) -> Row:
    run = Run(Path("logs") / f"{name}-{day}-101010-ab12")
    word, status = ("LIVE", None) if live else ("DONE", 0)
    return Row(run, "running" if live else "done", word, exit_status=status, **more)


BILLED_AT = 1_790_000_000.0
BILLED = (
    billed("paid", host="pod", spent=2.0),
    billed("free", host="box"),
    billed("now", "20260922", True, host="pod", spent=1.0, rate=0.5, cap=2.0, eta=BILLED_AT + 7200),
    billed("dark", "20260922", True, host="box"),
)


@pytest.mark.parametrize("size", SIZES, ids=NAMES)
def test_costs_look_as_they_should(tmp_path: Path, size: tuple[int, int]) -> None:
    drawn = list[str]()

    async def scene() -> None:
        async with opened(tmp_path / "none", size=size) as pilot:
            app = pilot.app
            assert isinstance(app, Cockpit)
            for name, rows in (("empty", ()), ("full", BILLED)):
                feed = app.follow(Once(Fleet(rows, len(rows), BILLED_AT)))
                app.push_screen(Costs(feed))
                await until(pilot, lambda feed=feed: feed.latest is not None)  # type: ignore[misc]
                app.screen.renew()  # type: ignore[attr-defined]
                drawn.append(await shot(pilot, f"costs {name}"))

    play(scene)
    compared("costs", size, drawn)


@pytest.mark.parametrize("size", SIZES, ids=NAMES)
def test_a_comparison_looks_as_it_should(logs: Path, tmp_path: Path, size: tuple[int, int]) -> None:
    runs = [told_run(logs, state) for state in ("running", "failed", "done")]
    drawn = list[str]()

    async def scene() -> None:
        async with opened(tmp_path / "none", size=size) as pilot:
            app = pilot.app
            assert isinstance(app, Cockpit)
            feed = app.follow(Once(tuple(Pinned(run).look() for run in runs), runs))
            app.push_screen(Compare(feed))
            await until(pilot, lambda: feed.latest is not None)
            app.screen.renew()  # type: ignore[attr-defined]
            drawn.append(await shot(pilot, "compare"))

    play(scene)
    compared("compare", size, drawn)


@pytest.mark.parametrize("size", SIZES, ids=NAMES)
def test_a_recording_looks_as_it_should(logs: Path, tmp_path: Path, size: tuple[int, int]) -> None:
    run = told_run(logs, "failed")
    drawn = list[str]()

    async def scene() -> None:
        async with opened(tmp_path / "none", size=size) as pilot:
            app = pilot.app
            assert isinstance(app, Cockpit)
            tape = Tape(run)
            assert tape.head is not None
            tape.head.play()
            feed = app.follow(tape)
            app.push_screen(Dashboard(feed, str))
            await until(pilot, lambda: feed.latest is not None)
            for share in (0.0, 0.5, 1.0):
                tape.head.seek(share)
                at = tape.head.position.now
                feed.hurry()
                await until(pilot, lambda at=at: feed.latest.position.now == at)  # type: ignore[misc, union-attr]
                app.screen.renew()  # type: ignore[attr-defined]
                drawn.append(await shot(pilot, f"replay {share:.0%}"))

    play(scene)
    compared("replay", size, drawn)


GOOD = """
recipe = "command"
[command]
argv = ["python3", "train.py"]
resume = ["--resume", "{path}"]
[checkpoints]
glob = ["out/*.pt"]
[limits]
hours = 6
dollars = 15
"""
BROKEN = "recipe = 'pretrain'\n[train]\nmicro_bach = 4\n"
DIGEST = re.compile(r"(?<=digest )[0-9a-f]+")
ROOM = 82_000_000_000


@pytest.mark.parametrize("size", SIZES, ids=NAMES)
def test_a_new_run_looks_as_it_should(
    logs: Path, tmp_path: Path, size: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: shutil._ntuple_diskusage(ROOM, 0, ROOM))
    (tmp_path / "train.py").touch()
    (tmp_path / "profiles").mkdir()
    for name, words in (("broken", BROKEN), ("script", GOOD)):
        (tmp_path / "profiles" / f"{name}.toml").write_text(words)
    drawn = list[str]()

    async def scene() -> None:
        async with opened(tmp_path / "none", size=size) as pilot:
            screen = New(tmp_path)
            pilot.app.push_screen(screen)
            for name in ("broken", "script"):
                await until(
                    pilot, lambda: bool(screen.query("#profiles")) and screen.check is not None
                )
                text = await shot(pilot, f"new {name}")
                masked = DIGEST.sub(lambda found: "#" * len(found[0]), text)
                drawn.append(re.sub(r"(=== new \w+) .*", r"\1", masked))
                await pilot.press("down")

    play(scene)
    compared("new", size, drawn)


@pytest.mark.parametrize("size", SIZES, ids=NAMES)
def test_a_mix_looks_as_it_should(
    logs: Path, tmp_path: Path, size: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    buckets = grain.tree(Path("buckets"), {**grain.even(8), "gap": {"easy": 0}})
    drawn = list[str]()

    async def scene() -> None:
        async with opened(tmp_path / "none", size=size) as pilot:
            app = pilot.app
            assert isinstance(app, Cockpit)
            app.open_mix(buckets)
            await until(pilot, lambda: isinstance(app.screen, Mix) and app.screen.board is not None)
            drawn.append(await shot(pilot, "mix"))

    play(scene)
    compared("mix", size, drawn)
