"""The Sync screen of a run that goes on behind a real sshd: what is only there, what would come, and that it came."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.reader import RunReader
from tests.cockpit.stage import opened, play, text, until
from tests.engine.machines.test_pull import going
from tests.support.cli import Engine
from tests.support.sshd import Sshd

pytestmark = pytest.mark.needs("sshd", "ssh")


def test_what_is_only_there_is_looked_for_and_fetched_by_keys(
    engine: Engine, sshd: Sshd, project: Path
) -> None:
    run = going(engine, project)
    reader = RunReader(run)

    async def scene() -> None:
        async with opened(run.folder.parent, run) as pilot:
            await pilot.press("s")
            await until(pilot, lambda: "only there" in text(pilot))
            assert "project and environment" in text(pilot)
            await pilot.press("w")
            await until(pilot, lambda: "2 to fetch" in text(pilot))
            assert "notes.txt" in text(pilot)
            await pilot.press("g")
            await until(pilot, lambda: "here, every byte compared" in text(pilot))
            await until(pilot, lambda: "1 file of" in text(pilot))

    play(scene)
    assert {one.step is None for one in reader.poll().keeper.saves.pulled} == {True, False}
    assert engine("stop", run.id, "--wait").status == 0
