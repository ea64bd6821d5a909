"""The state of a run and the word for it: a pure function of a Frame, never stored.

Every word is a claim with a proof: LIVE needs a fresh heartbeat, DONE needs exit 0, the last step and every artifact
that the profile expects. Unreachable is never "failed".
"""

from __future__ import annotations

import math
import signal
from dataclasses import dataclass
from enum import Enum

from engine.alarms import Case, Thresholds
from engine.alarms.progress import stall, usual_gap
from engine.frame import Frame
from engine.scalars import ExitFacts
from engine.view import AttemptView, View

FRESH_S = 15.0
"""Age of a heartbeat up to which it proves life."""
LEAST_QUIET_S = 30.0
"""Silence shorter than this is never called quiet."""


OURS, REFUSES = "engine.train", 8
"""Our own trainer, and what it exits with when it refuses a checkpoint; of a script of others 8 says nothing."""


class State(str, Enum):
    QUEUED = "queued"
    LEASING = "leasing"
    SYNCING = "syncing"
    STARTING = "starting"
    RUNNING = "running"
    STALLED = "stalled"
    STOPPING = "stopping"
    RECOVERING = "recovering"
    DONE = "done"
    STOPPED = "stopped"
    FAILED = "failed"
    LOST = "lost"


FINAL = frozenset((State.DONE, State.STOPPED, State.FAILED, State.LOST))


@dataclass(frozen=True)
class Verdict:
    """`status` is the exit status of a verb that waits for the run; None while the run is not at its end."""

    state: State
    word: str
    reason: str | None = None
    status: int | None = None

    @property
    def final(self) -> bool:
        return self.status is not None


def judge(frame: Frame, limits: Thresholds) -> Verdict:
    """What can truly be said of the run at this moment."""
    view = frame.view
    if view.last is None:
        return _unopened(view)
    ended = _ended(view, view.last)
    if ended is None:
        return _going(frame, view.last, limits)
    if view.keeper.closed is not None:
        return _closed(view, ended)
    if view.keeper.planned is not None:
        plan = view.keeper.planned
        return Verdict(
            State.RECOVERING, "RECOVERING", f"{plan.cause}, next in {plan.delay_s:.0f} s"
        )
    return Verdict(State.STOPPING, "CLOSING", ended.reason)


def _closed(view: View, ended: Verdict) -> Verdict:
    """A wish to end that came when the attempt was dead already is why none followed it."""
    if view.keeper.parting is None or ended.state not in (State.FAILED, State.LOST):
        return ended
    reason = f"stopped by the user after {ended.word}: {ended.reason}"
    return Verdict(State.STOPPED, "STOPPED", reason, 130)


def _unopened(view: View) -> Verdict:
    keeper = view.keeper
    if keeper.closed is not None:
        if keeper.unprepared is not None:
            return Verdict(State.FAILED, "NOT PREPARED", keeper.unprepared.reason, 1)
        return Verdict(State.STOPPED, "STOPPED", "stopped before it started", 130)
    if keeper.preparing is not None:
        return Verdict(State.SYNCING, "SYNCING", keeper.preparing.what)
    return Verdict(State.QUEUED, "QUEUED", view.keeper.failed)


def _ended(view: View, attempt: AttemptView) -> Verdict | None:
    """The end of the newest attempt, or None while it goes on."""
    end = attempt.facts.runner.exit
    if end is None:
        lost = attempt.opening.lost
        if lost is None:
            return None
        return _taken(attempt) or Verdict(State.LOST, "LOST", lost, 3)
    judged = attempt.facts.runner.resume
    if judged is not None and judged.action == "stop":
        return Verdict(State.STOPPED, "NOT RESUMED", judged.detail, 8)
    if end.code == 0 and _complete(view, attempt) is True:
        return _done(view)
    asked = _asked(attempt)
    if asked is not None:
        return asked
    taken = _taken(attempt)
    if taken is not None:
        return taken
    if end.code is None and end.signal is None:
        return Verdict(State.LOST, "LOST", "ended unseen, exit status unknown", 3)
    return _by_itself(view, attempt, end)


def _done(view: View) -> Verdict:
    missing = view.keeper.artifacts.missing if view.keeper.artifacts else ()
    if missing:
        names = ", ".join(missing[:4])
        return Verdict(State.FAILED, "INCOMPLETE", f"missing: {names}", 1)
    return Verdict(State.DONE, "DONE", None, 0)


def _complete(view: View, attempt: AttemptView) -> bool | None:
    """All steps were made; None when nobody knows how many there are."""
    total, step = view.total, attempt.facts.tally.step
    finished = attempt.facts.trainer.finished
    if finished is not None:
        step = max(finished.step, step or 0)
    if total is None:
        return None
    # Scripts that count from 0 end one below their total.
    return step is not None and step >= total - 1


def _asked(attempt: AttemptView) -> Verdict | None:
    """The end was somebody's wish: a user's, a limit's or a rule's."""
    runner = attempt.facts.runner
    if any(order.kind in ("stop", "kill") for order in runner.orders):
        return Verdict(State.STOPPED, "STOPPED", "stopped by the user", 130)
    if runner.limit is not None and runner.limit.then != "notify":
        limit = runner.limit
        reason = f"{limit.limit} limit reached: {limit.value:.4g} of {limit.cap:.4g}"
        return Verdict(State.STOPPED, "STOPPED", reason, 5)
    for rule in runner.rules:
        if rule.action == "stop":
            word = "DIVERGED" if rule.alarm in _DIVERGED else "STOPPED"
            return Verdict(State.STOPPED, word, f"{rule.alarm}: {rule.detail}", 6)
        if rule.action == "rollback":
            return Verdict(State.FAILED, "DIVERGED", f"{rule.alarm}: {rule.detail}", 6)
    return None


def _taken(attempt: AttemptView) -> Verdict | None:
    """The machine told that it would go, and then this ended. Only the provider's own word is a preemption."""
    noticed = attempt.facts.runner.noticed
    if not noticed:
        return None
    if any(one.source == "metadata" for one in noticed):
        return Verdict(State.LOST, "PREEMPTED", "the provider took the machine", 3)
    return Verdict(State.LOST, "LOST", "the machine was shut down", 3)


_DIVERGED = frozenset(("nan", "zero_loss", "constant", "spike", "divergence", "grad_norm"))


def _by_itself(view: View, attempt: AttemptView, end: ExitFacts) -> Verdict:
    if end.oom:
        return Verdict(State.FAILED, "OOM", "killed by the kernel for memory", 1)
    if attempt.facts.runner.start_failed is not None:
        return Verdict(
            State.FAILED, f"FAILED {end.code}", attempt.facts.runner.start_failed.reason, 1
        )
    if end.signal is not None:
        return Verdict(State.FAILED, f"FAILED {_signal(end.signal)}", "killed by a signal", 1)
    if end.code == REFUSES and OURS in attempt.opening.argv and attempt.opening.resume_from:
        reason = "the checkpoint cannot be continued from; its console says why"
        return Verdict(State.FAILED, f"FAILED {end.code}", reason, 8)
    if end.code != 0:
        full = next((line for line in end.tail if "out of memory" in line.lower()), None)
        if full is not None:
            return Verdict(State.FAILED, "OOM", full.strip().removeprefix("error: "), 1)
        return Verdict(State.FAILED, f"FAILED {end.code}", f"exit status {end.code}", 1)
    if _complete(view, attempt) is False:
        reason = f"exit 0 at step {attempt.facts.tally.step} of {view.total}"
        return Verdict(State.FAILED, "INCOMPLETE", reason, 1)
    return _done(view)


def _going(frame: Frame, attempt: AttemptView, limits: Thresholds) -> Verdict:
    runner = attempt.facts.runner
    if runner.trainer is None or runner.beat is None:
        if frame.sight.trainer_alive is None or runner.trainer is None:
            return Verdict(State.STARTING, "STARTING")
    if any(order.kind in ("stop", "kill") for order in runner.orders) or runner.signals:
        why = runner.signals[-1].why if runner.signals else "asked to stop"
        return Verdict(State.STOPPING, "STOPPING", why)
    age = frame.now - _proof(attempt)
    if age >= FRESH_S:
        return _unseen(frame, age)
    return _alive(frame, attempt, limits)


def _proof(attempt: AttemptView) -> float:
    """When the runner last said anything."""
    return attempt.facts.runner.t or 0.0


def _unseen(frame: Frame, age: float) -> Verdict:
    if frame.sight.trainer_alive is False:
        return Verdict(State.LOST, "LOST", "process gone without an exit record")
    return Verdict(State.RUNNING, f"OFFLINE {ago(age)}", "no heartbeat")


def _alive(frame: Frame, attempt: AttemptView, limits: Thresholds) -> Verdict:
    facts = attempt.facts
    frozen = stall(Case(facts, limits, frame.now))
    if frozen is not None:
        return Verdict(State.STALLED, "STALLED", frozen.detail)
    last = facts.runner.last_growth() or facts.runner.started_t or frame.now
    silent = frame.now - last
    usual = usual_gap(facts)
    if silent > max(LEAST_QUIET_S, 3.0 * usual if usual is not None else LEAST_QUIET_S):
        return Verdict(
            State.RUNNING, f"QUIET {ago(silent)}", "nothing printed for longer than usual"
        )
    return Verdict(State.RUNNING, "LIVE")


def ago(seconds: float) -> str:
    """A length of time in one short word: 45s, 4m, 3h, 2d."""
    if not math.isfinite(seconds):
        return "?"
    for unit, length in (("d", 86400), ("h", 3600), ("m", 60)):
        if seconds >= length:
            return f"{int(seconds // length)}{unit}"
    return f"{int(max(seconds, 0))}s"


def _signal(number: int) -> str:

    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
