"""Each screen as it looks, in words: every place x state x size against what was looked at and found good.

`DRAW_PICTURES=1 pytest …` draws them anew; look at what changed before it is kept.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from textual.pilot import Pilot

from cockpit.screens.places import PLACES, place
from tests.cockpit.stage import SIZES, Pinned, opened, play, rows, tale, until

KEPT = Path(__file__).parent / "pictures"
STATES = {
    "empty": "QUEUED",
    "running": "LIVE",
    "stalled": "STALLED",
    "failed": "FAILED 3",
    "done": "DONE",
}
NAMES = [f"{width}x{height}" for width, height in SIZES]


async def picture(pilot: Pilot[None], name: str, source: Pinned) -> list[str]:
    app = pilot.app
    feed = app.follow(source)  # type: ignore[attr-defined]
    app.push_screen(place(name)(feed, str))
    await until(pilot, lambda: feed.latest is not None and app.screen.query("#head"))  # type: ignore[arg-type]
    await pilot.pause()
    drawn = rows(pilot)
    app.back()  # type: ignore[attr-defined]
    await pilot.pause()
    return drawn


@pytest.mark.parametrize("size", SIZES, ids=NAMES)
def test_every_screen_looks_as_it_should(logs: Path, tmp_path: Path, size: tuple[int, int]) -> None:
    runs = {state: tale(logs, name) for state, name in STATES.items()}
    found: dict[str, list[str]] = {}

    async def scene() -> None:
        async with opened(tmp_path / "none", size=size) as pilot:
            for name in PLACES:
                for state, run in runs.items():
                    drawn = await picture(pilot, name, Pinned(run))
                    assert len(drawn) == size[1] and max(map(len, drawn)) <= size[0]
                    found.setdefault(name, []).append("\n".join([f"=== {state}", *drawn]))

    play(scene)
    for name, drawn in found.items():
        kept = KEPT / f"{name}-{size[0]}x{size[1]}.txt"
        picture_now = "\n".join(drawn) + "\n"
        if os.environ.get("DRAW_PICTURES"):
            kept.parent.mkdir(exist_ok=True)
            kept.write_text(picture_now, "utf-8")
        assert kept.read_text("utf-8") == picture_now, f"{name} at {size} looks different"


@pytest.mark.parametrize("size", SIZES, ids=NAMES)
def test_all_seven_answers_are_there_at_every_size(logs: Path, size: tuple[int, int]) -> None:
    run = tale(logs, "LIVE")
    labels = ("alive", "learning", "done", "cost", "at risk", "gpu", "needs you")

    async def scene() -> None:
        async with opened(logs / "none", size=size) as pilot:
            shown = "\n".join(await picture(pilot, "dashboard", Pinned(run))).lower()
            assert [label for label in labels if label not in shown] == []

    play(scene)
