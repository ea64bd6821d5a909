"""The recordings in `logs/samples` are whole: each replays to its end and names nothing of where it was made."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from engine.replay import Replay
from engine.runs import Run, samples

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
