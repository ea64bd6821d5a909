"""Each word and its proof."""

from __future__ import annotations

import pytest

from engine.alarms import Thresholds
from engine.events import keeper as k
from engine.events import notices as n
from engine.events import runner as r
from engine.events import trainer as t
from engine.frame import Frame, Sight
from engine.state import State, Verdict, ago, judge
from engine.view import View
from tests.support.stories import T0, accepted, closed, exited, live, opened, rows, started, view


def said(seen: View, now: float = T0 + 5, sight: Sight | None = None) -> Verdict:
    return judge(Frame("tale", seen, now, sight or Sight()), Thresholds())


def planned(total: int) -> tuple[str, t.Planned]:
    return "1/trainer", t.Planned(T0, total)


ORDER = ("1/runner", r.Ordered(T0 + 50, "id", "stop", "me"))
WISH = ("keeper", k.Requested(T0 + 60, "id", "stop", "me"))
LIMIT = ("1/runner", r.LimitReached(T0 + 50, "hours", 2.0, 2.0, "stop"))
BACK = r.RuleFired(T0, "nan", "rollback", "nan", 7)
RULE = ("1/runner", r.RuleFired(T0 + 50, "nan", "stop", "loss is nan", 7))
MISSING = ("keeper", k.ArtifactsChecked(T0 + 60, 1, (), ("best.pt",)))
TAKEN = ("1/runner", n.PreemptionNoticed(T0 + 50, "metadata", 30.0, "save", "taken"))
DOWN = ("1/runner", n.PreemptionNoticed(T0 + 50, "shutdown", 30.0, "none", "down"))
GONE = ("keeper", k.AttemptLost(T0 + 60, 1, "the machine does not answer"))
BAD_START = ("1/runner", r.StartFailed(T0, "no such file", 2))

ENDS = {
    "taken and saved": (view(live(), TAKEN, exited(143), closed()), State.LOST, "PREEMPTED", 3),
    "taken unseen": (view(live(), TAKEN, GONE, closed()), State.LOST, "PREEMPTED", 3),
    "taken when done": (
        view(live(), planned(3), rows([3, 2, 1]), TAKEN, exited(0), closed()),
        State.DONE,
        "DONE",
        0,
    ),
    "taken after a stop": (
        view(live(), ORDER, TAKEN, exited(143), closed()),
        State.STOPPED,
        "STOPPED",
        130,
    ),
    "shut down": (view(live(), DOWN, exited(143), closed()), State.LOST, "LOST", 3),
    "done": (view(live(), exited(0), closed()), State.DONE, "DONE", 0),
    "done at its total": (
        view(live(), planned(3), rows([3, 2, 1]), exited(0), closed()),
        State.DONE,
        "DONE",
        0,
    ),
    "too few steps": (
        view(live(), planned(9), rows([3, 2, 1]), exited(0), closed()),
        State.FAILED,
        "INCOMPLETE",
        1,
    ),
    "a missing artifact": (
        view(live(), exited(0), MISSING, closed()),
        State.FAILED,
        "INCOMPLETE",
        1,
    ),
    "a bad exit": (view(live(), exited(3), closed()), State.FAILED, "FAILED 3", 1),
    "a signal": (view(live(), exited(None, signal=9), closed()), State.FAILED, "FAILED SIGKILL", 1),
    "the kernel": (
        view(live(), exited(None, signal=9, oom=True), closed()),
        State.FAILED,
        "OOM",
        1,
    ),
    "a full device": (
        view(
            live(),
            exited(1, tail=("error: out of memory in step 3, micro-batch 8 rows",)),
            closed(),
        ),
        State.FAILED,
        "OOM",
        1,
    ),
    "not executable": (
        view(accepted(), opened(), BAD_START, exited(127), closed()),
        State.FAILED,
        "FAILED 127",
        1,
    ),
    "the user": (
        view(live(), ORDER, exited(None, signal=15), closed()),
        State.STOPPED,
        "STOPPED",
        130,
    ),
    "the user, half way": (
        view(live(), planned(9), rows([1]), ORDER, exited(0), closed()),
        State.STOPPED,
        "STOPPED",
        130,
    ),
    "the user, too late": (
        view(live(), planned(1), rows([1]), ORDER, exited(0), closed()),
        State.DONE,
        "DONE",
        0,
    ),
    "a limit": (
        view(live(), LIMIT, exited(None, signal=15), closed()),
        State.STOPPED,
        "STOPPED",
        5,
    ),
    "a rule": (view(live(), RULE, exited(None, signal=15), closed()), State.STOPPED, "DIVERGED", 6),
    "a rollback": (
        view(live(), ("1/runner", BACK), exited(None, signal=15), closed()),
        State.FAILED,
        "DIVERGED",
        6,
    ),
    "nobody saw": (view(live(), exited(None), closed()), State.LOST, "LOST", 3),
    "gone": (
        view(live(), ("keeper", k.AttemptLost(T0, 1, "gone")), closed()),
        State.LOST,
        "LOST",
        3,
    ),
    "the user, after a crash": (
        view(live(), exited(None, signal=9), WISH, closed()),
        State.STOPPED,
        "STOPPED",
        130,
    ),
    "the user, after its end": (
        view(live(), exited(1), closed(), WISH),
        State.FAILED,
        "FAILED 1",
        1,
    ),
    "never begun": (view(accepted(), closed(0)), State.STOPPED, "STOPPED", 130),
}


@pytest.mark.parametrize(("seen", "state", "word", "status"), ENDS.values(), ids=ENDS)
def test_an_end_says_how(seen: View, state: State, word: str, status: int) -> None:
    verdict = said(seen, T0 + 70)
    assert (verdict.state, verdict.word, verdict.status) == (state, word, status)


def test_an_end_is_not_final_before_the_keeper_closed_it() -> None:
    verdict = said(view(live(), exited(1)), T0 + 70)
    assert verdict.state is State.STOPPING and not verdict.final


def test_recovering_between_attempts() -> None:
    plan = ("keeper", k.RecoveryPlanned(T0 + 61, 1, "crash", 30.0))
    assert said(view(live(), exited(1), plan), T0 + 70).state is State.RECOVERING


def test_before_anything_ran() -> None:
    assert said(view(accepted())).word == "QUEUED"
    assert said(view(accepted(), opened())).word == "STARTING"


def test_live_needs_a_fresh_heartbeat() -> None:
    assert said(view(live()), T0 + 10).word == "LIVE"
    assert said(view(live()), T0 + 1 + 16).word == "OFFLINE 16s"
    assert said(view(live()), T0 + 1 + 16).state is State.RUNNING


def test_gone_without_a_record_is_lost_and_never_failed() -> None:
    gone = said(view(live()), T0 + 120, Sight(trainer_alive=False))
    assert (gone.state, gone.final) == (State.LOST, False)


def test_quiet_is_longer_than_usual() -> None:
    beat = ("1/runner", r.Beat(T0 + 400, 399.0, True))
    grew = ("1/runner", r.Grew(T0 + 40, 10, 10))
    assert said(view(live(), grew, beat), T0 + 401).word == "QUIET 6m"


def test_stalled_is_a_frozen_step() -> None:
    beat = ("1/runner", r.Beat(T0 + 900, 899.0, True))
    told = list(rows([1.0 / n for n in range(1, 30)]))
    frozen = said(view(live(), told, beat), T0 + 901)
    assert (frozen.state, frozen.word) == (State.STALLED, "STALLED")
    patient = judge(Frame("tale", view(live(), told, beat), T0 + 901), Thresholds(stall_s=3600))
    assert patient.word != "STALLED"


def test_stopping_once_ordered() -> None:
    assert said(view(live(), ORDER)).state is State.STOPPING


def test_a_new_attempt_makes_an_old_end_history() -> None:
    again = [opened(2, "resume", T0 + 65), *started(2, T0 + 66)]
    assert said(view(live(), exited(1), closed(), again), T0 + 68).word == "LIVE"


@pytest.mark.parametrize(
    ("seconds", "word"), [(-3, "0s"), (59.9, "59s"), (60, "1m"), (7200, "2h"), (200_000, "2d")]
)
def test_lengths_of_time(seconds: float, word: str) -> None:
    assert ago(seconds) == word


@pytest.mark.parametrize(
    ("argv", "resumed", "status"),
    [
        (("python", "-m", "engine.train", "p.json"), "/out/c-1", 8),
        (("python", "-m", "engine.train", "p.json"), None, 1),
        (("python", "train.py"), "/out/c-1", 1),
    ],
)
def test_a_checkpoint_that_our_trainer_refuses_is_a_resume_not_proven(
    argv: tuple[str, ...], resumed: str | None, status: int
) -> None:
    """Of a script of others an exit status of 8 says nothing."""
    begun = "keeper", k.AttemptOpened(T0, 1, "local", argv, "/work", "resume", resumed)
    found = said(view(accepted(), begun, started(), exited(8), closed()))
    assert (found.state, found.status) == (State.FAILED, status)
