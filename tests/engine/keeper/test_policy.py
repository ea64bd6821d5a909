"""What a keeper does next, case by case."""

from __future__ import annotations

from dataclasses import replace

import pytest

from engine.alarms import Thresholds
from engine.checkpoints import Checkpoint
from engine.events import keeper as k
from engine.events import runner as r
from engine.frame import Frame
from engine.keeper import rollback
from engine.keeper.policy import (
    LONGEST_BACKOFF_S,
    RUNNER_STARTS,
    Close,
    Decision,
    Lose,
    Open,
    Plan,
    Refuse,
    Situation,
    Start,
    Wait,
    decide,
)
from engine.profile import Recover
from engine.state import judge
from engine.view import View
from tests.support.stories import (
    T0,
    accepted,
    closed,
    exited,
    live,
    opened,
    rows,
    started,
    unprepared,
    view,
)

RECOVER = Recover(attempts=2, on=("crash", "lost", "oom"), backoff_s=10.0)
NEVER = Recover()
NOW = T0 + 100


def at(seen: View, **changes: object) -> Situation:
    """The situation of a keeper that sees this journal; how the attempt ended is judged as the keeper does."""
    ended = None
    last = seen.last
    if last is not None:
        if last.facts.runner.exit is not None or last.opening.lost is not None:
            closing = k.Closed(None, last.number)
            settled = replace(seen, keeper=replace(seen.keeper, closed=closing))
            ended = judge(Frame("tale", settled, NOW), Thresholds())
    plain = Situation(seen, ended, NOW, False, True, 0, False, False, False)
    return replace(plain, **changes)  # type: ignore[arg-type]


def crashed(times: int, oom: bool = False) -> View:
    """A run whose first `times` attempts all died."""
    story = [accepted()]
    for number in range(1, times + 1):
        story += [opened(number, "launch" if number == 1 else "crash"), *started(number)]
        story += [exited(None, number, signal=9, oom=oom)]
    return view(story)


CASES: list[tuple[str, Situation, Recover, Decision]] = [
    ("a new run", at(view(accepted())), NEVER, Open(1, "launch")),
    ("stopped before it began", at(view(accepted()), stop_asked=True), NEVER, Close()),
    ("closed before it began", at(view(accepted(), closed(0)), stop_asked=True), NEVER, Wait()),
    ("never prepared", at(view(accepted(), unprepared())), RECOVER, Close()),
    ("never prepared and closed", at(view(accepted(), unprepared(), closed(0))), RECOVER, Wait()),
    (
        "asked again after it was never prepared",
        at(view(accepted(), unprepared(), closed(0)), resume_asked=True),
        RECOVER,
        Open(1, "launch"),
    ),
    ("a living runner", at(view(live()), runner_alive=True), RECOVER, Wait()),
    ("a dead runner", at(view(live())), RECOVER, Start(1)),
    ("done", at(view(live(), exited(0))), RECOVER, Close()),
    ("a crash, no policy", at(crashed(1)), NEVER, Close()),
    ("a crash", at(crashed(1)), RECOVER, Plan("crash", 10.0)),
    ("a second crash", at(crashed(2)), RECOVER, Plan("crash", 20.0)),
    ("a crash after stop", at(crashed(1), stop_asked=True), RECOVER, Close()),
    ("resume after a crash", at(crashed(1), resume_asked=True), NEVER, Open(2, "resume")),
    ("out of memory once", at(crashed(1, oom=True)), RECOVER, Plan("oom", 10.0)),
]


@pytest.mark.parametrize(
    ("situation", "recover", "decision"), [case[1:] for case in CASES], ids=[c[0] for c in CASES]
)
def test_what_comes_next(situation: Situation, recover: Recover, decision: Decision) -> None:
    assert decide(situation, recover) == decision


def test_attempts_are_bounded() -> None:
    decision = decide(at(crashed(3)), RECOVER)
    assert isinstance(decision, Refuse) and "2 further attempts" in decision.reason


def test_never_twice_for_the_same_out_of_memory() -> None:
    decision = decide(at(crashed(2, oom=True)), RECOVER)
    assert isinstance(decision, Refuse) and "nothing was changed" in decision.reason


def test_again_after_out_of_memory_when_something_was_changed() -> None:
    """The control: with a change the same journal may go on."""
    seen = crashed(2, oom=True)
    last = seen.attempts[-1]
    changed = replace(last, opening=replace(last.opening, change="micro_batch 8 → 4"))
    decision = decide(at(replace(seen, attempts=(seen.attempts[0], changed))), RECOVER)
    assert decision == Plan("oom", 20.0)


def test_a_command_that_cannot_be_executed_is_not_tried_again() -> None:
    seen = view(
        accepted(), opened(), ("1/runner", r.StartFailed(T0, "no such file", 2)), exited(127)
    )
    assert isinstance(decide(at(seen), RECOVER), Refuse)


def test_a_lost_attempt_is_recovered_as_lost() -> None:
    seen = view(live(), ("keeper", k.AttemptLost(T0 + 50, 1, "gone")))
    assert decide(at(seen), RECOVER) == Plan("lost", 10.0)
    assert decide(at(seen), Recover(attempts=2, on=("crash",))) == Close()


def rolled_back(times: int) -> View:
    """A run whose rules ended it so many times in order to go back."""
    story: list[object] = [accepted()]
    for number in range(1, times + 1):
        story += [opened(number, "launch" if number == 1 else "diverged"), *started(number)]
        story += [(f"{number}/runner", r.RuleFired(T0, "nan", "rollback", "nan", 7))]
        story += [exited(0, number)]
    return view(story)  # type: ignore[arg-type]


def test_a_rollback_is_a_further_attempt_without_any_policy_and_has_an_end() -> None:
    assert decide(at(rolled_back(1)), NEVER) == Plan("diverged", 10.0)
    assert decide(at(rolled_back(2)), NEVER) == Plan("diverged", 20.0)
    refused = decide(at(rolled_back(3)), NEVER)
    assert isinstance(refused, Refuse) and "went back 2 times" in refused.reason
    assert decide(at(rolled_back(1), stop_asked=True), NEVER) == Close()


def save(step: int) -> Checkpoint:
    return Checkpoint(f"step-{step}", f"/out/step-{step}", step, 1, None, "manifest")


def test_a_rollback_goes_to_the_best_from_before_the_alarm() -> None:
    fired = ("1/runner", r.RuleFired(T0, "divergence", "rollback", "up", 40))
    told = view(live(), rows([*[3 - 0.1 * n for n in range(20)], *[2.0] * 20]), fired)
    saves = [save(5), save(10), save(20), save(30), save(40), save(50)]
    assert rollback.target(saves, told) == save(20)
    assert rollback.target([save(40), save(50)], told) is None
    assert rollback.target([], told) is None


def planned(delay_s: float = 10.0) -> View:
    return view(*[crashed_story(), ("keeper", k.RecoveryPlanned(T0 + 61, 1, "crash", delay_s))])


def crashed_story() -> list[tuple[str, object]]:
    return [accepted(), opened(), *started(), exited(None, signal=9)]  # type: ignore[list-item]


def test_a_planned_attempt_waits_for_its_time_and_survives_a_clock_set_back() -> None:
    assert decide(at(planned(), now=T0 + 62), RECOVER) == Wait()
    assert decide(at(planned(), now=T0 + 71), RECOVER) == Open(2, "crash")
    assert decide(at(planned(), now=T0 - 172_800), RECOVER) == Open(2, "crash")


def test_the_pause_grows_and_has_an_end() -> None:
    patient = Recover(attempts=50, on=("crash",), backoff_s=10.0)
    decision = decide(at(crashed(20)), patient)
    assert decision == Plan("crash", LONGEST_BACKOFF_S)


@pytest.mark.parametrize(
    ("steps", "pause_s"),
    [
        ((None,), 10.0),
        ((10,), 10.0),
        ((10, 20, 30, 40), 10.0),  # a preemption a day is no reason to wait longer each time
        ((10, 10), 10.0),
        ((10, 10, 10), 20.0),
        ((10, None, 5), 20.0),
        ((10, None, 5, 30), 10.0),
    ],
)
def test_the_pause_grows_only_while_attempts_come_no_farther(
    steps: tuple[int | None, ...], pause_s: float
) -> None:
    patient = Recover(attempts=50, on=("crash",), backoff_s=10.0)
    told = [crashed_at(number, step) for number, step in enumerate(steps, 1)]
    assert decide(at(view(accepted(), *told)), patient) == Plan("crash", pause_s)


def crashed_at(number: int, step: int | None) -> list[tuple[str, object]]:
    """An attempt that came so far."""
    ended = r.Exited(T0 + 60, None, 9, False, 59.0, step, ())
    return [opened(number), *started(number), (f"{number}/runner", ended)]


def test_a_runner_that_never_speaks_is_given_up() -> None:
    silent = at(view(accepted(), opened()), runner_failures=RUNNER_STARTS)
    decision = decide(silent, RECOVER)
    assert isinstance(decision, Lose) and "runner.err" in decision.reason
    assert decide(replace(silent, runner_due=False), RECOVER) == Wait()


def test_a_living_trainer_is_never_called_lost() -> None:
    seen = at(view(live()), runner_failures=RUNNER_STARTS)
    assert decide(replace(seen, trainer_alive=True), RECOVER) == Start(1)
    assert isinstance(decide(seen, RECOVER), Lose)


def test_a_closed_run_stays_closed_until_somebody_resumes_it() -> None:
    seen = view(live(), exited(1), ("keeper", k.Closed(T0 + 61, 1)))
    assert decide(at(seen), RECOVER) == Wait()
    assert decide(at(seen, resume_asked=True), RECOVER) == Open(2, "resume")
