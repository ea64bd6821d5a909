"""The recordings in `logs/samples` are whole: each replays to its end and names nothing of where it was made."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

from engine.replay import Replay
from engine.runs import Run, samples
from engine.shipped import SHARE

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

FOLDER = Path(__file__).parents[2] / "logs" / "samples"
RUNS = list(samples(FOLDER))
FOREIGN = re.compile(rb"/(?:work|tmp|root|home|mnt)/")


def test_there_is_one() -> None:
    assert RUNS


@pytest.mark.parametrize("run", RUNS, ids=lambda run: run.id)
def test_it_replays_to_its_end(run: Run) -> None:
    replay = Replay(run)
    half = replay.status(replay.frame((replay.start + replay.end) / 2))
    end = replay.status(replay.frame(replay.end))
    assert end.word == "DONE" and end.step == end.total
    assert half.step is not None and end.step is not None and 0 < half.step < end.step


@pytest.mark.parametrize("run", RUNS, ids=lambda run: run.id)
def test_it_names_nothing_of_where_it_was_made(run: Run) -> None:
    found = [
        p.name for p in run.folder.rglob("*") if p.is_file() and FOREIGN.search(p.read_bytes())
    ]
    assert found == []


def test_one_of_them_diverged_was_stopped_by_a_rule_and_went_on_mended() -> None:
    [run] = [run for run in RUNS if run.id.startswith("letters")]
    replay = Replay(run)
    view = replay.frame(replay.end).view
    assert [attempt.number for attempt in view.attempts] == [1, 2]
    words = [replay.status(replay.frame(t)).word for t in replay.moments]
    assert "DIVERGED" in words and words[-1] == "DONE"
    assert (run.folder / "patches").is_dir()


def test_they_stay_small() -> None:
    size = sum(path.stat().st_size for path in FOLDER.rglob("*") if path.is_file())
    assert size < 600_000


def test_what_the_wheel_brings_along_is_whole() -> None:
    """Each file of a recording that ships has its line in pyproject.toml, and the demo has its own."""
    listed = tomllib.loads((FOLDER.parents[1] / "pyproject.toml").read_text())
    laid = listed["tool"]["setuptools"]["data-files"]
    root = FOLDER.parents[1]
    brought = {path for globs in laid.values() for one in globs for path in root.glob(one)}
    assert {root / "profiles/demo.toml", root / "profiles/demo.txt"} <= brought
    for folder, globs in laid.items():
        assert all(folder == f"{SHARE}/{Path(one).parent.as_posix()}" for one in globs)
    [run] = [run for run in RUNS if run.id.startswith("letters")]
    assert {path for path in run.folder.rglob("*") if path.is_file()} <= brought
