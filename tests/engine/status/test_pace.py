"""Seconds a step and the time of the last one, whatever clocks do."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.events import Row
from engine.events import runner as r
from engine.status.answers import Eta
from engine.status.pace import curve, eta, pace, progress, trained_s
from tests.support import stories as s


def steady(count: int, step_s: float = 2.0, start: float = 1000.0) -> list[tuple[int, float]]:
    return [(step, start + step * step_s) for step in range(1, count + 1)]


@given(st.integers(4, 60), st.sampled_from([0.25, 0.5, 2.0, 1024.0]), st.integers(0, 500))
def test_a_steady_run_ends_when_arithmetic_says(count: int, step_s: float, left: int) -> None:
    found = eta(steady(count, step_s), count + left, now=0.0)
    assert found == Eta(1000.0 + (count + left) * step_s, 0.0)


def test_few_gaps_make_no_pace() -> None:
    assert pace(steady(3)) is None
    assert eta(steady(3), 10, 0.0) == Eta()


def test_rows_that_leave_steps_out_count_each_step() -> None:
    sparse = [(step, 10.0 * step) for step in range(0, 100, 20)]
    assert pace(sparse) == pace(steady(20, 10.0))


def test_one_long_pause_does_not_move_the_median() -> None:
    calm = steady(20)
    paused = calm[:10] + [(step, t + 3600) for step, t in calm[10:]]
    before, after = pace(calm), pace(paused)
    assert before and after and before.step_s == after.step_s


def test_the_range_grows_with_what_is_left() -> None:
    uneven = [(step, 1000.0 + step * 4 + (step % 3)) for step in range(40)]
    near, far = eta(uneven, 50, 0.0), eta(uneven, 100, 0.0)
    assert near.plus_minus_s and far.plus_minus_s and far.plus_minus_s > near.plus_minus_s


def test_a_clock_that_jumps_back_is_left_out() -> None:
    jumped = steady(20)[:10] + [(step, t - 7200) for step, t in steady(20)[10:]]
    found = pace(jumped)
    assert found is not None and found.step_s == 2.0


def test_what_is_overdue_is_due_now() -> None:
    assert eta(steady(20), 21, now=9999.0).at == 9999.0


def test_a_step_beyond_the_total_ends_when_it_was_made() -> None:
    assert eta(steady(20), 15, now=9999.0).at == 1040.0


@pytest.mark.parametrize("total", [None])
def test_without_a_total_there_is_no_end(total: int | None) -> None:
    assert eta(steady(20), total, 0.0) == Eta()


def test_rows_of_one_glance_share_a_time_and_the_last_counts() -> None:
    facts = s.view(s.live(), s.rows([3.0, 2.0, 1.0], gap_s=0.0)).attempts[0].facts
    assert progress(facts) == [(3, s.T0 + 1)]


def test_rows_without_a_time_take_the_runners() -> None:
    told = s.view(s.live(), ("1/runner", r.Grew(s.T0 + 9, 0, 10_000)))
    assert progress(told.attempts[0].facts) == []
    timeless = [("1/trainer", Row(None, step, {"loss": 1.0})) for step in (1, 2)]
    facts = s.view(s.live(), timeless, ("1/runner", r.Grew(s.T0 + 9, 0, 10_000))).attempts[0].facts
    assert progress(facts) == [(2, s.T0 + 9)]


def test_training_time_is_the_machines_own_count() -> None:
    going = s.view(s.live(), ("1/runner", r.Beat(s.T0 + 100, 50.0, True))).attempts[0]
    assert trained_s(going, s.T0 + 103) == 53.0
    # The wall clock was set back by a day: the count goes on from the beat.
    assert trained_s(going, s.T0 - 86400) == 50.0
    ended = s.view(s.live(), s.exited()).attempts[0]
    assert trained_s(ended, s.T0 + 9999) == 59.0
    assert trained_s(s.view(s.accepted(), s.opened()).attempts[0], s.T0 + 9) is None


@pytest.mark.parametrize("broken", [math.nan, math.inf])
def test_a_broken_clock_is_unknown(broken: float) -> None:
    attempt = s.view(s.live(), ("1/runner", r.Beat(s.T0, broken, True))).attempts[0]
    assert trained_s(attempt, s.T0 + 1) is None


def test_a_later_attempt_replaces_the_steps_that_it_trained_again() -> None:
    second = [s.opened(2, "crash"), *s.started(2)]
    told = s.view(s.live(), s.rows([5, 4, 3, 2]), second, s.rows([9, 8], number=2, first=3))
    assert curve(told, "loss") == [(1, 5.0), (2, 4.0), (3, 9.0), (4, 8.0)]
