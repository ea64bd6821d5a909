"""Each screen as it looks: every place x state x size against what was looked at and found good.

A picture is its words and a number for its colours. `DRAW_PICTURES=DIR pytest …` draws them anew, and as SVG into DIR:
look at what changed before it is kept.
"""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path
from zlib import crc32

import pytest
from textual.pilot import Pilot

from cockpit.app import Cockpit
from cockpit.screens.base import Place
from cockpit.screens.manual import Manual
from cockpit.screens.metrics import Metrics
from cockpit.screens.places import PLACES, place
from cockpit.widgets.chart import Chart
from engine import profile
from engine.events import encode
from engine.events import keeper as k
from engine.events import saves as s
from engine.events import trainer as t
from engine.runs import Run
from tests.cockpit.stage import SIZES, T0, Pinned, Told, opened, play, rows, tale, until
from tests.support import journals

KEPT = Path(__file__).parent / "pictures"
STATES = {
    "empty": "QUEUED",
    "running": "LIVE",
    "stalled": "STALLED",
    "failed": "FAILED 3",
    "done": "DONE",
}
NAMES = [f"{width}x{height}" for width, height in SIZES]
SAID: list[Told] = [
    ("1/trainer", t.PhaseEntered(T0 + 2, "A", 1)),
    ("1/trainer", t.Saved(T0 + 21, 20, "checkpoints/checkpoint-20", 1_310_000_000, "0" * 64)),
    ("1/trainer", t.Sampled(T0 + 22, 20, "In the year 1834,", "the the of the and of the,")),
    ("1/trainer", t.Sampled(T0 + 42, 40, "In the year 1834,", "I walked through\nthe streets")),
]
PROFILE = {
    "name": "tale",
    "recipe": "pretrain",
    "goal": "a loss below 3",
    "model": {"base": "gpt2"},
    "data": {"train": ["tales.txt"]},
    "train": {"max_steps": 100},
    "optim": {"learning_rate": 0.003},
    "schedule": {"warmup_steps": 10},
    "expect": {"loss": {"bands": [[0, 60, 3.2, 3.8], [60, 100, 2.0, 3.2]]}},
}


WAY = {"files": 4, "seconds": 41.0, "way": "rsync", "digest": "d" * 64}
MOVING = {"what": "checkpoint-40", "done_bytes": 805_000_000, "total_bytes": 1_310_000_000, "bytes_s": 29e6,
          "eta_s": 17.4}  # fmt: skip


def told_afar(logs: Path, state: str) -> Run:
    """The same tales of a run on another machine: what came before, and what is on its way while it runs."""
    run = told_run(logs, state)
    run.keeper.write_bytes(run.keeper.read_bytes().replace(b'"local"', b'"box"'))
    if state == "empty":
        journals.append(run.keeper, encode(k.Preparing(T0 + 1, "box", "the environment")))
        return run
    saved = t.Saved(T0 + 41, 40, "checkpoints/checkpoint-40", 1_310_000_000, "1" * 64)
    journals.append(run.attempt(1).trainer, encode(saved))
    first = s.Pulled(
        T0 + 30, 1, "/work/checkpoints/checkpoint-20", "/here", step=20, bytes=1_310_000_000, **WAY
    )
    first = replace(first, digest="0" * 64)
    journals.append(run.keeper, encode(first))
    if state == "running":
        run.cache.mkdir()
        (run.cache / "pull.json").write_text(json.dumps(MOVING))
    if state == "failed":
        journals.append(
            run.keeper, encode(s.PullSettled(T0 + 69, ("a",), 0, 0, "the disk here is full"))
        )
    if state == "done":
        every = s.Pulled(T0 + 62, 1, "/work", "/here", files=12, bytes=48_000, digest="e" * 64)
        journals.append(run.keeper, encode(every))
    return run


def told_run(logs: Path, state: str) -> Run:
    name = STATES[state]
    run = tale(logs, name, *([] if state == "empty" else SAID))
    run.profile.write_bytes(profile.from_table(PROFILE).canonical())
    return run


async def shot(pilot: Pilot[None], name: str) -> str:
    """What is on the screen: its words, and a number that changes with its colours."""
    app = pilot.app
    await pilot.pause()
    width, height = app.size
    drawn = rows(pilot)
    assert len(drawn) == height and max(map(len, drawn)) <= width
    strips = app.screen._compositor.render_strips()
    colours = crc32(repr([(str(s.style), len(s.text)) for strip in strips for s in strip]).encode())
    if os.environ.get("DRAW_PICTURES"):
        folder = Path(os.environ["DRAW_PICTURES"])
        folder.mkdir(exist_ok=True)
        file = folder / f"{name.replace(' ', '-')}-{width}x{height}.svg"
        file.write_text(app.export_screenshot(simplify=True), "utf-8")
    return "\n".join([f"=== {name} {colours:08x}", *drawn])


async def picture(pilot: Pilot[None], name: str, source: Pinned, state: str = "") -> str:
    app = pilot.app
    assert isinstance(app, Cockpit)
    feed = app.follow(source)
    screen = place(name)(feed, str)
    app.push_screen(screen)
    await until(pilot, lambda: feed.latest is not None and bool(screen.query("#head")))
    if isinstance(screen, Metrics) and screen.moment and screen.moment.curves.metrics:
        await until(
            pilot,
            lambda: bool(screen.query(Chart)) and len(screen.query(Chart).first().scene.curves) > 0,
        )
    drawn = await shot(pilot, f"{name} {state}")
    app.back()
    await pilot.pause()
    return drawn


def compared(name: str, size: tuple[int, int], drawn: list[str]) -> None:
    kept = KEPT / f"{name}-{size[0]}x{size[1]}.txt"
    now = "\n".join(drawn) + "\n"
    if os.environ.get("DRAW_PICTURES"):
        kept.parent.mkdir(exist_ok=True)
        kept.write_text(now, "utf-8")
    assert kept.read_text("utf-8") == now, f"{name} at {size} looks different"


@pytest.mark.parametrize("size", SIZES, ids=NAMES)
def test_every_screen_of_a_run_looks_as_it_should(
    logs: Path, tmp_path: Path, size: tuple[int, int]
) -> None:
    runs = {state: told_run(logs, state) for state in STATES}
    afar = {state: told_afar(logs / "afar", state) for state in STATES}
    found: dict[str, list[str]] = {}

    async def scene() -> None:
        async with opened(tmp_path / "none", size=size) as pilot:
            for name in PLACES:
                for state, run in (afar if name == "sync" else runs).items():
                    drawn = await picture(pilot, name, Pinned(run), state)
                    found.setdefault(name, []).append(drawn)

    play(scene)
    for name, drawn in found.items():
        compared(name, size, drawn)


@pytest.mark.parametrize("size", SIZES, ids=NAMES)
def test_help_looks_as_it_should(logs: Path, size: tuple[int, int]) -> None:
    async def scene() -> None:
        async with opened(logs, size=size) as pilot:
            screen = pilot.app.screen
            assert isinstance(screen, Place)
            pilot.app.push_screen(Manual(screen.scopes, None))
            await pilot.pause()
            compared("help", size, [await shot(pilot, "help")])

    play(scene)


@pytest.mark.parametrize("size", SIZES, ids=NAMES)
def test_all_seven_answers_are_there_at_every_size(logs: Path, size: tuple[int, int]) -> None:
    run = tale(logs, "LIVE")
    labels = ("alive", "learning", "done", "cost", "at risk", "gpu", "needs you")

    async def scene() -> None:
        async with opened(logs / "none", size=size) as pilot:
            shown = (await picture(pilot, "dashboard", Pinned(run))).lower()
            assert [label for label in labels if label not in shown] == []

    play(scene)
