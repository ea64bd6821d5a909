"""Keys whose work needs something to stand on: a checkpoint with a manifest, a long list, an alarm on a recording."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from cockpit.screens.checkpoints import Checkpoints
from cockpit.screens.dialogs import Word
from cockpit.screens.logs import Logs
from cockpit.widgets.listing import Listing
from engine.events import keeper as k
from engine.events import trainer as t
from tests.cockpit.stage import T0, opened, play, tale, text, until
from tests.support.stories import Told, closed, exited, started


def checkpoint(folder: Path) -> Told:
    """A real one: files, their manifest, and what the trainer told of it."""
    folder.mkdir(parents=True)
    (folder / "model.bin").write_bytes(b"weights" * 100)
    digest = hashlib.sha256((folder / "model.bin").read_bytes()).hexdigest()
    manifest = {"step": 40, "files": {"model.bin": {"bytes": 700, "sha256": digest}}}
    raw = json.dumps(manifest).encode()
    (folder / "MANIFEST.json").write_bytes(raw)
    told = t.Saved(T0 + 41, 40, str(folder), 700, hashlib.sha256(raw).hexdigest())
    return "1/trainer", told


def test_every_byte_of_a_checkpoint_is_read_and_a_wrong_one_is_told(
    logs: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "checkpoint-40"
    run = tale(logs, "STOPPED", [checkpoint(folder)])

    async def scene() -> None:
        async with opened(logs, run) as pilot:
            await pilot.press("c")
            await until(pilot, lambda: "✔ sizes" in text(pilot))
            await pilot.press("v")
            await until(pilot, lambda: "✔ every byte" in text(pilot))
            (folder / "model.bin").write_bytes(b"weighty" * 100)
            await pilot.press("v")
            await until(pilot, lambda: "✖ broken" in text(pilot))
            assert isinstance(pilot.app.screen, Checkpoints)
            await pilot.press("R")
            assert isinstance(pilot.app.screen, Word) and "--from checkpoint-40" in text(pilot)
            await pilot.press(*"no", "enter", "escape", "y")
            assert pilot.app.clipboard == f"engine resume {run.id} --from checkpoint-40"

    play(scene)
    assert list(run.requests.iterdir()) == []


def test_a_list_is_walked_by_every_key(logs: Path) -> None:
    run = tale(logs, "CONSOLE")

    async def scene() -> None:
        async with opened(logs, run, size=(80, 24)) as pilot:
            await pilot.press("l")
            await until(pilot, lambda: "line 50 of 50" in text(pilot))
            screen = pilot.app.screen
            assert isinstance(screen, Logs)
            listing = screen.query_one(Listing)
            for key, row in (("home", 0), ("down", 1), ("j", 2), ("up", 1), ("k", 0), ("end", 49),
                             ("home", 0), ("end", 49)):  # fmt: skip
                await pilot.press(key)
                assert listing.cursor == row, key
            await pilot.press("pageup")
            up = listing.cursor
            assert up < 49
            await pilot.press("pagedown")
            assert listing.cursor == 49 and screen._follow

    play(scene)


def test_a_recording_goes_from_alarm_to_alarm(logs: Path) -> None:
    run = tale(logs, "DIVERGED")

    async def scene() -> None:
        async with opened(logs, run, tape=True) as pilot:
            head = pilot.app.screen.head  # type: ignore[attr-defined]
            await until(pilot, lambda: head.position.end > 0)
            await pilot.press("space", "0", "right_curly_bracket")
            there = head.position.now
            assert there > head.position.start
            assert there in [m.t for m in head.position.landmarks if m.kind == "alert"]
            await pilot.press("9", "9", "left_curly_bracket")
            assert head.position.now <= there
            await pilot.press("left_square_bracket")
            assert head.position.now < there

    play(scene)


def test_an_attempt_is_filtered_by_its_name(logs: Path) -> None:
    more = [
        *started(2, T0 + 63),
        ("keeper", k.AttemptOpened(T0 + 62, 2, "local", ("x",), "/", "crash")),
    ]
    run = tale(logs, "FAILED 3", more)
    run.attempt(2).console.write_text("second\n")

    async def scene() -> None:
        async with opened(logs, run) as pilot:
            await pilot.press("l")
            await until(pilot, lambda: "of 51" in text(pilot))
            await pilot.press("f", *"attempt 2", "enter")
            await until(
                pilot, lambda: "only attempt 2" in text(pilot) and "line 1 of 1" in text(pilot)
            )

    play(scene)


def test_a_tale_without_an_alarm_has_nowhere_to_go(logs: Path) -> None:
    """The negative control of the jump to an alarm."""
    run = tale(logs, "DONE", [exited(), closed()])

    async def scene() -> None:
        async with opened(logs, run, tape=True) as pilot:
            head = pilot.app.screen.head  # type: ignore[attr-defined]
            await until(pilot, lambda: head.position.end > 0)
            await pilot.press("space", "0", "right_curly_bracket")
            assert head.position.now == head.position.start

    play(scene)
