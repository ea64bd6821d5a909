"""The seven answers for every state, complete and valid."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]

import engine
from engine.alarms import Thresholds
from engine.events import keeper as k
from engine.events import runner as r
from engine.frame import Frame, Sight
from engine.status import Status, Terms, describe
from tests.support import stories as s
from tests.support.tales import GPUS, LEARNED, NOW, TALES, beat, grew, told

SCHEMA = json.loads((Path(engine.__file__).parent / "schemas" / "status.json").read_text())
# What engine wait exits with; None where the run goes on.
STATUSES = {
    "DONE": 0,
    "CONSOLE": 0,
    "INCOMPLETE": 1,
    "STOPPED": 130,
    "STOPPED early": 130,
    "LIMIT": 5,
    "DIVERGED": 6,
    "FAILED 3": 1,
    "FAILED SIGKILL": 1,
    "OOM": 1,
    "LOST": 3,
}


def of(name: str, now: float = NOW, terms: Terms | None = None) -> Status:
    return describe(Frame("tale", s.view(told(name)), now, Sight()), terms or Terms())


def strict(schema: Any) -> Draft202012Validator:
    return Draft202012Validator(schema)


@pytest.mark.parametrize("name", TALES)
def test_every_state_has_every_key_of_the_schema(name: str) -> None:
    table = json.loads(json.dumps(of(name).table(), allow_nan=False))
    strict(SCHEMA).validate(table)


def test_the_schema_notices_a_missing_key_a_new_one_and_a_wrong_type() -> None:
    good = of("LIVE").table()
    for bad in (
        {key: value for key, value in good.items() if key != "at_risk"},
        {**good, "loss": 1.0},
        {**good, "step": "50"},
        {**good, "learning": {"verdict": "fine", "slope_per_1k": None}},
    ):
        assert not strict(SCHEMA).is_valid(bad)


@pytest.mark.parametrize("name", TALES)
def test_waiting_exits_with_what_the_run_came_to(name: str) -> None:
    assert of(name).exit_status == STATUSES.get(name)


def test_a_live_run_answers_all_seven() -> None:
    found = of("LIVE", terms=Terms(price_hour=3.6, cap=15.0))
    assert (found.state, found.word, found.alive.pid) == ("running", "LIVE", 11)
    assert found.alive.beat_s == 1.0
    assert found.learning.verdict == "down"
    assert found.learning.slope_per_1k == pytest.approx(-20.0)
    assert found.eta.at == pytest.approx(s.T0 + 1 + 100)
    assert found.cost.spent == pytest.approx(0.069)
    assert found.at_risk.steps == 50
    assert found.gpus[0].util == 93.0
    assert found.needs == ()


def test_the_profiles_total_counts_until_the_trainer_tells_one() -> None:
    unplanned = s.view(s.live(), s.rows([1.0]))
    assert describe(Frame("tale", unplanned, NOW), Terms(total=7)).total == 7
    assert describe(Frame("tale", unplanned, NOW), Terms()).total is None
    assert of("LIVE", terms=Terms(total=7)).total == 100


def test_what_runs_has_no_exit_and_what_ended_no_pulse() -> None:
    going, ended = of("LIVE"), of("FAILED 3")
    assert (going.exit.code, going.exit.signal, going.exit.reason) == (None, None, None)
    assert (ended.alive.beat_s, ended.alive.pid, ended.eta.at) == (None, None, None)
    assert (ended.exit.code, ended.exit.reason) == (3, "exit status 3")
    assert of("FAILED SIGKILL").exit.signal == 9


def test_nan_shows_as_diverging_and_asks_for_somebody() -> None:
    found = of("DIVERGING")
    assert found.learning.verdict == "diverging"
    assert [need.alarm for need in found.needs] == ["nan"]
    assert found.table()["metrics"]["loss"] == "nan"


@pytest.mark.parametrize("name", ["FAILED 3", "OOM", "LOST", "DIVERGED", "LIMIT", "INCOMPLETE"])
def test_a_bad_end_needs_somebody(name: str) -> None:
    (need,) = of(name).needs
    assert need.red and "engine resume" in need.fix


@pytest.mark.parametrize("name", ["DONE", "STOPPED", "CONSOLE"])
def test_a_good_end_needs_nobody_and_done_risks_nothing(name: str) -> None:
    assert of(name).needs == ()
    assert (of("DONE").at_risk.steps, of("DONE").at_risk.seconds) == (0, 0.0)


def test_attempts_keep_their_own_ends() -> None:
    first, second = of("RESUMED").attempts
    assert (first.n, first.exit.code, second.n, second.exit.code) == (1, 3, 2, None)


def test_a_machine_with_another_clock_is_judged_by_its_own() -> None:
    """An hour ahead: beats seem to be of the future, or would be stale if the offset were the other way."""
    hour = 3600.0
    ahead = [("keeper", k.ClockMeasured(s.T0, "local", hour, 0.1))]
    early = Frame("tale", s.view(told("LIVE"), ahead), NOW - hour)
    found = describe(early, Terms())
    here = of("LIVE")
    assert (found.word, found.alive.beat_s) == ("LIVE", 1.0)
    assert here.eta.at is not None and found.eta.at == pytest.approx(here.eta.at - hour)
    assert found.gpus[0].as_of == NOW - 1 - hour
    # Without the measurement the same moment is judged wrongly: the offset is what makes it right.
    late = Frame("tale", s.view(LEARNED, GPUS, grew(NOW - 2), beat(NOW - 1)), NOW + hour)
    assert describe(late, Terms()).word.startswith("OFFLINE")


def judged(verdict: str, action: str | None = None) -> s.Told:
    told = r.ResumeJudged(NOW - 1, verdict, ("step",), "step 0 instead of 60 to 70", 0, action)
    return "1/runner", told


def test_a_resume_that_was_stopped_is_not_resumed_whatever_the_script_exited_with() -> None:
    """The control says nothing of a resume: the same end is a run that is done."""
    end = [*s.rows([1.0] * 3), s.exited(0), s.closed()]
    refuted = s.view(s.live(), judged("refuted", "stop"), end)
    found = describe(Frame("tale", refuted, NOW, Sight()), Terms(total=3))
    assert (found.word, found.state, found.exit_status) == ("NOT RESUMED", "stopped", 8)
    assert found.reason == "step 0 instead of 60 to 70"
    plain = describe(Frame("tale", s.view(s.live(), end), NOW, Sight()), Terms(total=3))
    assert plain.exit_status == 0


@pytest.mark.parametrize(
    ("verdict", "alarm", "red"), [("refuted", "not_resumed", True), ("weak", "weak_proof", False)]
)
def test_a_doubtful_resume_that_goes_on_needs_somebody(verdict: str, alarm: str, red: bool) -> None:
    view = s.view(told("LIVE"), judged(verdict))
    needs = describe(Frame("tale", view, NOW, Sight()), Terms()).needs
    assert [(one.alarm, one.red) for one in needs] == [(alarm, red)]
    proven = s.view(told("LIVE"), judged("proven"))
    assert describe(Frame("tale", proven, NOW, Sight()), Terms()).needs == ()


def test_more_work_at_risk_than_the_profile_bears_needs_somebody() -> None:
    (need,) = of("LIVE", terms=Terms(Thresholds(at_risk_minutes=0.5))).needs
    assert need.alarm == "at_risk"
    assert of("LIVE", terms=Terms(Thresholds(at_risk_minutes=0.0))).needs == ()
    assert of("LIVE", terms=Terms(Thresholds(at_risk_minutes=60.0))).needs == ()
