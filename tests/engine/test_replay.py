"""Replay ends where the reader stands, and never shows what was not there yet."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.alarms import Thresholds
from engine.events import Row
from engine.events import keeper as k
from engine.events import runner as r
from engine.observe import Observer
from engine.reader import RunReader
from engine.replay import Replay, play, thinned
from engine.runs import Run
from engine.state import judge
from engine.timeline import Track, tracks
from tests.support import journals
from tests.support import stories as s
from tests.support.tales import LEARNED, TALES, told

LINES = b"step 1 loss 3.0\nstep 2 loss 2.0\nstep 3 loss 1.0\nhalf"


def console_run(logs: Path, times: tuple[float, ...] = (2.0, 3.0, 4.0)) -> Run:
    """A foreign trainer: three lines, each noted by the runner when it came."""
    grew = [("1/runner", r.Grew(s.T0 + t, 16 * (i + 1), 0)) for i, t in enumerate(times)]
    run = journals.write(logs, s.live(), grew, s.exited(t=s.T0 + 9), s.closed(t=s.T0 + 10))
    journals.append(run.attempt(1).console, LINES)
    return run


@pytest.mark.parametrize("name", TALES)
def test_a_replay_ends_with_the_readers_view(name: str, tmp_path: Path) -> None:
    run = journals.write(tmp_path, told(name))
    replay = Replay(run)
    assert replay.frame(replay.end).view == RunReader(run).poll()


def test_a_console_is_dated_by_the_time_index(tmp_path: Path) -> None:
    replay = Replay(console_run(tmp_path))
    steps = [replay.frame(s.T0 + t).view.step for t in (1.9, 2.0, 3.5, 4.0, 10)]
    assert steps == [None, 1, 2, 3, 3]
    assert replay.frame(replay.end).view == RunReader(replay.run).poll()


def test_a_console_without_an_index_comes_at_the_end(tmp_path: Path) -> None:
    replay = Replay(console_run(tmp_path, times=()))
    assert replay.frame(s.T0 + 8).view.step is None
    assert replay.frame(replay.end).view.step == 3


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.floats(-5, 80), min_size=1, max_size=8), st.sampled_from(sorted(TALES)))
def test_any_way_to_a_moment_shows_the_same(tmp_path: Path, times: list[float], name: str) -> None:
    """Forward, back and straight there."""
    run = Run(tmp_path / f"{name.lower().replace(' ', '-')}-20260921-000000-abcd")
    if not run.folder.exists():
        journals.write(tmp_path, told(name), run_id=run.id)
    wandering = Replay(run)
    for t in times:
        frame = wandering.frame(s.T0 + t)
    assert frame == Replay(run).frame(s.T0 + times[-1])


def test_nothing_is_shown_before_it_happened(tmp_path: Path) -> None:
    run = journals.write(tmp_path, told("DONE"))
    replay = Replay(run)
    for t in replay.moments:
        view = replay.frame(t).view
        newest = [a.facts.tally.t for a in view.attempts if a.facts.tally.t is not None]
        assert all(at <= t for at in newest)
        assert (view.keeper.closed is not None) == (t >= replay.end)


def test_the_end_is_judged_as_a_live_look_judges_it(tmp_path: Path) -> None:
    run = journals.write(tmp_path, told("FAILED 3"))
    replay = Replay(run)
    replayed = replay.status(replay.frame(replay.end))
    looked = Observer(run).status()
    assert (replayed.word, replayed.exit_status) == (looked.word, looked.exit_status)
    assert judge(replay.frame(replay.end), Thresholds()).word == looked.word


def test_another_machines_clock_is_moved_to_ours(tmp_path: Path) -> None:
    ahead = [("keeper", k.ClockMeasured(s.T0, "local", 3600.0, 0.1))]
    far = [("1/trainer", Row(s.T0 + 3600 + i, i, {"loss": 1.0})) for i in range(1, 4)]
    noted = [("1/runner", r.Grew(s.T0 + 3700, 0, 9999))]
    run = journals.write(tmp_path, s.accepted(), s.opened(), ahead, noted, far)
    assert Replay(run).frame(s.T0 + 2).view.step == 2


def test_a_clock_that_jumps_never_turns_a_segment_round(tmp_path: Path) -> None:
    jumps = [("1/trainer", Row(s.T0 + t, i, {"loss": 1.0})) for i, t in enumerate((5, -900, 7, 6))]
    run = journals.write(tmp_path, s.live(), jumps)
    for track in tracks(run):
        assert list(track.times) == sorted(track.times)
        assert list(track.ends) == sorted(track.ends)
    replay = Replay(run)
    assert [replay.frame(s.T0 + t).view.step for t in (4, 5, 7)] == [None, 1, 3]


def test_a_trainers_clock_in_the_future_is_bound_by_the_runners(tmp_path: Path) -> None:
    wild: list[s.Told] = [
        ("1/trainer", Row(s.T0 * 9, 1, {"loss": 1.0})),
        ("1/runner", r.Grew(s.T0 + 3, 0, 999)),
    ]
    replay = Replay(journals.write(tmp_path, s.live(), wild))
    assert replay.end == s.T0 + 3
    assert replay.frame(s.T0 + 3).view.step == 1


def test_bytes_without_a_time_come_with_those_before_them() -> None:
    track = Track("keeper", Path("x"))
    for t, end in ((None, 1), (5.0, 2), (None, 3), (4.0, 4), (float("nan"), 5), (6.0, 7)):
        track.mark(t, end)
    assert [track.end_at(t) for t in (4.9, 5.0, 5.9, 6.0)] == [1, 5, 5, 7]


def test_torn_and_foreign_bytes_are_part_of_the_record(tmp_path: Path) -> None:
    run = journals.write(tmp_path, LEARNED)
    journals.append(run.attempt(1).trainer, b'not json\n{"e":"unheard","t":1}\n{"step":51,"loss":')
    replay = Replay(run)
    view = replay.frame(replay.end).view
    assert view == RunReader(run).poll() and view.unreadable == 2


def test_an_empty_run_has_no_moment(tmp_path: Path) -> None:
    (tmp_path / journals.ID).mkdir()
    replay = Replay(Run(tmp_path / journals.ID))
    assert replay.moments == [] and list(play(replay, 1.0)) == []


def test_playing_shows_first_and_last_and_goes_forward(tmp_path: Path) -> None:
    replay = Replay(journals.write(tmp_path, told("DONE")))
    frames = list(play(replay, 300.0))
    times = [frame.now for frame in frames]
    assert times[0] == replay.start and times[-1] == replay.end
    assert times == sorted(times)
    assert frames[-1].view == RunReader(replay.run).poll()


def test_a_pause_that_nobody_would_watch_is_cut(tmp_path: Path) -> None:
    """A week between two facts; at this speed it would play for a minute."""
    week = 7 * 86400.0
    run = journals.write(tmp_path, s.accepted(), s.opened(t=s.T0 + week))
    assert len(list(play(Replay(run), 10_000.0))) == 2


@given(st.lists(st.floats(0, 9), unique=True, max_size=60).map(sorted), st.integers(1, 20))
def test_thinning_keeps_the_ends_and_the_order(moments: list[float], most: int) -> None:
    kept = thinned(moments, most)
    assert len(kept) == min(most, len(moments)) and kept == sorted(kept)
    assert kept[-1:] == moments[-1:]
    if most > 1:
        assert kept[:1] == moments[:1]


def test_a_job_says_how_the_console_is_read(tmp_path: Path) -> None:
    run = console_run(tmp_path)
    journals.job(run, dialect="hf")
    replay = Replay(run)
    assert replay.frame(replay.end).view.step is None
    run.attempt(1).job.write_text(json.dumps({"dialect": "keyvalue"}))
    assert Replay(run).frame(replay.end).view.step == 3
