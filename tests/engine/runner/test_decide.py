"""The one decision that must never be wrong, over everything that can be found."""

from __future__ import annotations

import itertools
from collections.abc import Callable

import pytest

from engine.runner.decide import Decision, Evidence, decide

EVERYTHING = [Evidence(*values) for values in itertools.product((False, True), repeat=6)]


def wrong_starts(choose: Callable[[Evidence], Decision]) -> list[Evidence]:
    """Where a start is decided although something speaks of an earlier one."""
    return [
        found
        for found in EVERYTHING
        if choose(found) is Decision.START
        and (not found.lock_free or found.pid_written or found.alive or found.ended or found.said)
    ]


def test_nothing_is_started_where_anything_speaks_of_an_earlier_start() -> None:
    assert wrong_starts(decide) == []
    assert any(decide(found) is Decision.START for found in EVERYTHING)


@pytest.mark.parametrize("blind", ["lock_free", "pid_written", "said", "alive", "ended"])
def test_a_decision_blind_to_one_thing_would_start_wrongly(blind: str) -> None:
    """The control: each part of the evidence is needed."""

    def careless(found: Evidence) -> Decision:
        fields = {**vars(found), blind: blind == "lock_free"}
        return decide(Evidence(**fields))

    assert wrong_starts(careless)


def test_a_living_trainer_is_adopted_whoever_holds_the_lock() -> None:
    for found in EVERYTHING:
        if found.alive and not found.ended:
            assert decide(found) is Decision.ADOPT


def test_an_end_on_record_is_recorded_whatever_else_is_found() -> None:
    assert {decide(found) for found in EVERYTHING if found.ended} == {Decision.CLOSE}


def test_a_lock_held_by_another_attempt_blocks_and_our_own_is_waited_for() -> None:
    held = {"lock_free": False, "alive": False, "ended": False, "said": False}
    assert decide(Evidence(lock_ours=False, pid_written=False, **held)) is Decision.BLOCKED
    assert decide(Evidence(lock_ours=True, pid_written=False, **held)) is Decision.WAIT
    assert decide(Evidence(lock_ours=False, pid_written=True, **held)) is Decision.WAIT
