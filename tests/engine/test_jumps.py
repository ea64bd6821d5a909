"""A jump to a moment shows what going there line by line shows."""

from __future__ import annotations

import math
import random
from pathlib import Path

import pytest

from engine import timeline
from engine.events import Row
from engine.events import runner as r
from engine.events import trainer as t
from engine.replay import Jumps, Replay
from engine.runs import Run
from engine.view import View
from tests.support import journals
from tests.support import stories as s

STEPS = 6000


def long_run(logs: Path, torn: bool = False) -> Run:
    """Long enough to be jumped over: phases, saves, gaps, NaN, zeros, a constant stretch, steps that go back."""
    chance, told = random.Random(3), []
    told.append(("1/trainer", t.Planned(s.T0 + 1, STEPS)))
    for step in range(1, STEPS + 1):
        loss = chance.gauss(3 - step / 3000, 0.1)
        loss = (
            math.nan
            if 2000 <= step < 2005
            else 0.0
            if 3000 <= step < 3300
            else 1.25
            if 4000 <= step < 4400
            else loss
        )
        values = {"loss": loss, "lr": 1e-4, **({"eval_loss": loss + 1} if step % 50 == 0 else {})}
        phase = "A" if step < 2500 else "B"
        told.append(
            ("1/trainer", Row(None if step % 7 == 0 else s.T0 + step, step, values, phase=phase))
        )
        if step % 500 == 0:
            told.append(("1/trainer", t.Saved(s.T0 + step, step, f"out/{step}", 10)))
        if step % 3 == 0:
            told.append(("1/runner", r.Beat(s.T0 + step, float(step), True)))
    run = journals.write(
        logs, s.live(), told, s.exited(t=s.T0 + STEPS + 1), s.closed(t=s.T0 + STEPS + 2)
    )
    data = run.attempt(1).trainer.read_bytes()
    size, notes = 0, []
    for step, line in enumerate(data.splitlines(keepends=True)):
        size += len(line)
        if step % 40 == 0:
            notes.append(("1/runner", r.Grew(s.T0 + step, 0, size)))
    journals.write(logs, notes)
    if torn:
        journals.append(run.attempt(1).trainer, b'{"step": 99999, "lo')
    return run


@pytest.fixture
def walked(monkeypatch: pytest.MonkeyPatch) -> None:
    """Replay that goes through every line, as it does where nothing can be jumped over."""
    monkeypatch.setattr(Jumps, "far", lambda *_: False)
    monkeypatch.setattr(timeline, "LONG", 1 << 60)


def views(run: Run, times: list[float]) -> list[View]:
    replay = Replay(run)
    return [replay.frame(at).view for at in times]


@pytest.mark.parametrize("torn", [False, True])
def test_any_jump_shows_what_the_way_there_shows(
    tmp_path: Path, torn: bool, request: pytest.FixtureRequest
) -> None:
    run = long_run(tmp_path, torn)
    moments = Replay(run).moments
    chosen = random.Random(5).choices(moments, k=10)
    times = [*chosen, moments[-1], moments[0], s.T0 + 3200.5, s.T0 + 4399.5]
    jumped = views(run, times)
    request.getfixturevalue("walked")
    assert Replay(run).moments == moments
    for at, one, other in zip(times, views(run, times), jumped, strict=True):
        assert one.keeper == other.keeper, at
        for mine, theirs in zip(one.attempts, other.attempts, strict=True):
            for name in vars(mine.facts):
                assert getattr(mine.facts, name) == getattr(theirs.facts, name), (at - s.T0, name)
        assert one == other


def test_it_is_jumped_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = long_run(tmp_path)
    replay, taken = Replay(run), []
    monkeypatch.setattr("engine.replay.FAR", 1 << 10)
    take = replay._jumps.take
    monkeypatch.setattr(
        replay._jumps, "take", lambda fold, wanted: taken.append(take(fold, wanted)) or taken[-1]
    )
    replay.frame(replay.end)
    assert taken and set(taken[0]) == {"keeper", "1/runner", "1/trainer"}


def test_a_line_that_holds_no_fact_is_gone_through(tmp_path: Path) -> None:
    run = long_run(tmp_path)
    data = run.attempt(1).trainer.read_bytes()
    cut = data.find(b"\n", len(data) // 2) + 1
    run.attempt(1).trainer.write_bytes(data[:cut] + b"no fact\n" + data[cut:])
    replay = Replay(run)
    assert replay._jumps._prefixes("1/trainer") is None
    assert (
        replay.frame(replay.end).view.unreadable == 1
        and replay.frame(replay.start).view.unreadable == 0
    )
