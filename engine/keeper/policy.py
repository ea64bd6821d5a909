"""What a keeper does next: a pure function of the journal, the clock and the profile's `[recover]`.

Never a further attempt after somebody asked for the end, after a command that could not be executed, or twice for the
same out-of-memory without a change.
"""

from __future__ import annotations

from dataclasses import dataclass

from engine.keeper import rollback
from engine.profile import Recover
from engine.state import State, Verdict
from engine.view import AttemptView, View

LONGEST_BACKOFF_S = 900.0
OURS, UNUSABLE = "engine.train", 2
"""Our own trainer, and its exit status where its profile or its data cannot be used."""
RUNNER_STARTS = 5
"""Runners in a row that may fail before an attempt whose trainer is gone is given up."""


@dataclass(frozen=True)
class Situation:
    """All that the decision depends on."""

    view: View
    ended: Verdict | None
    """How the newest attempt ended; None while it has not."""
    now: float
    runner_alive: bool
    runner_due: bool
    """Enough time has passed since the last runner that failed."""
    runner_failures: int
    trainer_alive: bool
    stop_asked: bool
    resume_asked: bool
    change: str | None = None
    """What a further attempt after a full memory would do differently; None: nothing."""


@dataclass(frozen=True)
class Wait:
    """Nothing to do now."""


@dataclass(frozen=True)
class Open:
    """Open this attempt."""

    number: int
    reason: str
    change: str | None = None


@dataclass(frozen=True)
class Start:
    """Start a runner for this attempt; it adopts what already runs."""

    number: int


@dataclass(frozen=True)
class Lose:
    """Record that this attempt is lost."""

    number: int
    reason: str


@dataclass(frozen=True)
class Plan:
    """A further attempt after a pause."""

    cause: str
    delay_s: float


@dataclass(frozen=True)
class Refuse:
    """No further attempt, and why."""

    cause: str
    reason: str


@dataclass(frozen=True)
class Close:
    """Nothing more will be started."""


Decision = Wait | Open | Start | Lose | Plan | Refuse | Close


def decide(at: Situation, recover: Recover) -> Decision:
    """The next step of a run's life."""
    last = at.view.last
    if at.view.keeper.unprepared is not None and not at.resume_asked:
        return Close() if at.view.keeper.closed is None else Wait()
    if last is None:
        return _unopened(at)
    if at.resume_asked and at.ended is not None and not at.stop_asked:
        return Open(last.number + 1, "resume")
    if at.view.keeper.closed is not None:
        return Wait()
    if at.ended is None:
        return _tend(at, last)
    return _after(at, last, at.ended, recover)


def _unopened(at: Situation) -> Decision:
    if at.view.keeper.closed is not None and not at.resume_asked:
        return Wait()
    return Close() if at.stop_asked else Open(1, "launch")


def _tend(at: Situation, last: AttemptView) -> Decision:
    """An attempt that has not ended needs a living runner."""
    if at.runner_alive:
        return Wait()
    if not at.runner_due:
        return Wait()
    if at.runner_failures >= RUNNER_STARTS and not at.trainer_alive:
        return Lose(
            last.number, f"its runner could not be started; see attempts/{last.number}/runner.err"
        )
    return Start(last.number)


def _after(at: Situation, last: AttemptView, ended: Verdict, recover: Recover) -> Decision:
    if ended.state in (State.DONE, State.STOPPED) or at.stop_asked:
        return Close()
    known = at.view.keeper
    if known.refused is not None and known.refused.after == last.number:
        return Close()
    if known.planned is not None and known.planned.after == last.number:
        cause, delay_s = known.planned.cause, known.planned.delay_s
        if not _due(at.now, (known.planned.t or 0.0) + delay_s, delay_s):
            return Wait()
        return Open(last.number + 1, cause, at.change if cause == "oom" else None)
    return _recover(at, last, ended, recover)


def _due(now: float, due: float, delay_s: float) -> bool:
    """A clock that was set back must not make the pause longer than itself."""
    return now >= due or now < due - delay_s


def _recover(at: Situation, last: AttemptView, ended: Verdict, recover: Recover) -> Decision:
    cause = cause_of(last, ended)
    if last.facts.runner.start_failed is not None:
        return Refuse(cause, "the command cannot be executed")
    if _is_unusable(last):
        return Refuse(cause, "its profile or data cannot be used, and trying again changes neither")
    back = rollback.asked(last.facts.runner)
    if not back and (cause not in recover.on or not recover.attempts):
        return Close()
    made = sum(1 for attempt in at.view.attempts if _automatic(attempt))
    if back and made >= max(recover.attempts, rollback.MOST):
        return Refuse(cause, f"it went back {made} times and the alarm came again")
    if not back and made >= recover.attempts:
        return Refuse(cause, f"{made} further attempts were made, as many as [recover] allows")
    if cause == "oom" and at.change is None and _oom_before(at.view, last):
        return Refuse(cause, "out of memory again and nothing was changed; a smaller batch may fit")
    delay_s = min(recover.backoff_s * 2 ** _in_vain(at.view), LONGEST_BACKOFF_S)
    return Plan(cause, delay_s)


def _is_unusable(last: AttemptView) -> bool:
    """Our own trainer's word for it; of a script nobody knows what its 2 means."""
    ended = last.facts.runner.exit
    return ended is not None and ended.code == UNUSABLE and OURS in last.opening.argv


def _in_vain(view: View) -> int:
    """How many attempts in a row, but the first of them, came no farther than the run had come before."""
    best, count = -1, 0
    for attempt in view.attempts:
        ended = attempt.facts.runner.exit
        reached = ended.step if ended is not None and ended.step is not None else -1
        best, count = (reached, 0) if reached > best else (best, count + 1)
    return max(count - 1, 0)


def cause_of(last: AttemptView, ended: Verdict) -> str:
    """The profile's word for a bad end."""
    if rollback.asked(last.facts.runner):
        return "diverged"
    if ended.word == "OOM":
        return "oom"
    if ended.word == "PREEMPTED":
        return "preempted"
    return "lost" if ended.state is State.LOST else "crash"


def _automatic(attempt: AttemptView) -> bool:
    return attempt.opening.reason not in ("launch", "resume")


def _oom_before(view: View, last: AttemptView) -> bool:
    """The attempt before died of the same, and this one changed nothing."""
    if len(view.attempts) < 2 or last.opening.change:
        return False
    before = view.attempts[-2].facts.runner.exit
    return before is not None and before.oom
