"""A real disk that is full in mid-save: the training goes on, nothing half is offered, and the end says so."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.train.checkpoint import newest
from tests.engine.train import miniature, trainer
from tests.engine.train.sameness import compare, weights
from tests.engine.train.test_exact import site

ROOM = "700k"


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Path]:
    place = tmp_path / "small"
    place.mkdir()
    mounted = ["mount", "-t", "tmpfs", "-o", f"size={ROOM}", "none", str(place)]
    done = subprocess.run(mounted, capture_output=True, check=False)
    if done.returncode:
        pytest.skip(f"no small disk can be mounted here: {done.stderr.decode()}")
    try:
        yield place
    finally:
        subprocess.run(["umount", "-l", str(place)], check=True)


@pytest.mark.needs("root", "mount")
@pytest.mark.timeout(400)
def test_a_full_disk_in_mid_save_costs_no_checkpoint_that_was_there(
    small: Path, tmp_path: Path
) -> None:
    ground = tmp_path / "ground"
    ground.mkdir()
    miniature.base(ground / "base")
    miniature.instructions(ground / "rows.jsonl", 16)
    profile = site(ground, tmp_path / "site", {"save": {"every_steps": 2, "keep": 1}})
    whole = trainer.train(tmp_path / "log", profile)

    here = trainer.Where(out=small / "out")
    half = trainer.start(tmp_path / "one", profile, where=here)
    # at the fifth row the save at step 4 is under way, and it waited for the one at step 2
    assert trainer.kill_at(tmp_path / "one", half, 5, 0.0, 9)
    first = trainer.finish(tmp_path / "one", half)
    start, _ = newest(small / "out")
    assert start is not None
    filling = small / "filling"
    filling.write_bytes(b"x" * _free(small))

    second = trainer.train(tmp_path / "two", profile, "auto", here)
    assert second.status == 1, "the last checkpoint could not be saved"
    assert "could not be saved" in second.console and "GB are free" in second.console
    assert "Traceback" not in second.console
    assert not [event for event in second.events if event["e"] in ("saved", "finished")]
    assert [path.name for path in (small / "out").iterdir()] == [start.path.name]

    filling.unlink()
    third = trainer.train(tmp_path / "three", profile, "auto", here)
    assert third.status == 0, third.console
    compare(whole, [first, second, third], [0, start.step, start.step])
    assert weights(small / "out") == weights(profile.parent / "checkpoints")


def _free(place: Path) -> int:
    room = os.statvfs(place)
    return room.f_bavail * room.f_frsize
