"""A Frame to the seven answers: one pure function for every verb, the screen and a replay."""

from __future__ import annotations

from dataclasses import replace

from engine.alarms import Alarm, judge
from engine.clock import ahead_s
from engine.frame import Frame
from engine.state import State, Verdict
from engine.state import judge as state_of
from engine.status import risk
from engine.status.answers import Alive, AtRisk, AttemptLine, Best, Eta, Exit, Gpu, Need, Status
from engine.status.gpus import gpus
from engine.status.learning import learning
from engine.status.pace import curve, eta, progress
from engine.status.success import FAILED, settled, success
from engine.status.terms import Terms
from engine.view import AttemptView, View

DIVERGING = frozenset(("nan", "divergence"))
_RESUME = "engine resume RUN goes on from the newest checkpoint"
_FIXES = {
    State.FAILED: f"engine tail RUN shows its last lines; {_RESUME}",
    State.LOST: _RESUME,
    State.STOPPED: _RESUME,
}
NOT_MISSED = (0, 130)
"""Exit statuses that need nobody: done, and stopped by the user."""


def describe(frame: Frame, terms: Terms, disk: risk.Disk | None = None) -> Status:
    """All that can be said at this moment. `disk` is what a look at the checkpoints showed."""
    view, last = frame.view, frame.view.last
    ahead = ahead_s(view.keeper, last.number) if last else 0.0
    there = frame.now + ahead
    verdict = state_of(replace(frame, now=there), terms.thresholds)
    risked = _risk(view, disk, terms, (verdict, there))
    agreed = replace(terms.agreed, at_risk_s=risked.seconds)
    alarms = judge(last.facts, terms.thresholds, there, agreed) if last else []
    reached = success(terms.gates, view) if terms.gates else None
    verdict, accepted = settled(verdict, reached), view.keeper.accepted
    total = terms.total if view.total is None else view.total
    doubted = () if verdict.final or last is None else _doubted(last, ahead)
    return Status(
        run=frame.run,
        profile=accepted.profile if accepted else None,
        host=accepted.host if accepted else None,
        parent=accepted.parent if accepted else None,
        state=verdict.state.value,
        word=verdict.word,
        reason=verdict.reason,
        exit_status=verdict.status,
        phase=view.phase,
        step=view.step,
        total=total,
        metrics=dict(view.metrics),
        best=_best(view),
        alive=_alive(last, verdict, there),
        learning=learning(curve(view, "loss"), any(a.name in DIVERGING for a in alarms)),
        eta=_eta(last, verdict, total, (there, ahead)),
        cost=risk.cost(view, terms, there),
        at_risk=risked,
        gpus=_gpus(last, ahead),
        needs=_needs(alarms, verdict, ahead) + doubted,
        checkpoints=risk.checkpoints(view, disk or {}),
        attempts=tuple(_line(attempt) for attempt in view.attempts),
        exit=_exit(last, verdict),
        as_of=frame.now,
        success=reached,
    )


def _best(view: View) -> Best:
    found = view.best()
    return Best() if found is None else Best(found[0], found[1].value, found[1].step)


def _alive(last: AttemptView | None, verdict: Verdict, now: float) -> Alive:
    if last is None or verdict.final:
        return Alive()
    runner = last.facts.runner
    beat = None if runner.t is None else max(now - runner.t, 0.0)
    alive = runner.trainer if runner.exit is None else None
    return Alive(beat, alive.pid if alive else None)


def _eta(
    last: AttemptView | None, verdict: Verdict, total: int | None, clock: tuple[float, float]
) -> Eta:
    if last is None or verdict.state is not State.RUNNING:
        return Eta()
    there, ahead = clock
    found = eta(progress(last.facts), total, there)
    return Eta(None if found.at is None else found.at - ahead, found.plus_minus_s)


def _risk(
    view: View, disk: risk.Disk | None, terms: Terms, moment: tuple[Verdict, float]
) -> AtRisk:
    verdict, now = moment
    found = risk.at_risk(view, disk or {}, terms, now)
    return risk.nothing_at_risk(found) if verdict.state is State.DONE else found


def _gpus(last: AttemptView | None, ahead: float) -> tuple[Gpu, ...]:
    return gpus(last.facts.runner, ahead) if last else ()


def _needs(alarms: list[Alarm], verdict: Verdict, ahead: float) -> tuple[Need, ...]:
    if not verdict.final:
        return tuple(_need(alarm, ahead) for alarm in alarms)
    if verdict.status in NOT_MISSED:
        return ()
    fix = _FIXES.get(verdict.state, "engine status RUN")
    if verdict.status == FAILED:
        fix = (
            "engine compare it with a run that passed, or change [gates]; its checkpoints are kept"
        )
    name = verdict.word.split()[0].lower()
    return (Need(name, None, fix, verdict.reason or verdict.word, red=True),)


def _doubted(last: AttemptView, ahead: float) -> tuple[Need, ...]:
    """A resume that goes on although its first rows contradict it, or say too little."""
    judged = last.facts.runner.resume
    if judged is None or judged.verdict == "proven":
        return ()
    refuted = judged.verdict == "refuted"
    name, fix = ("not_resumed", "engine stop RUN, then engine resume RUN --rehearse")
    if not refuted:
        name, fix = ("weak_proof", "a loss in the next rows settles it")
    since = None if judged.t is None else judged.t - ahead
    return (Need(name, since, fix, judged.detail, refuted, judged.step),)


def _need(alarm: Alarm, ahead: float) -> Need:
    since = None if alarm.since is None else alarm.since - ahead
    return Need(alarm.name, since, alarm.fix, alarm.detail, alarm.red, alarm.step)


def _line(attempt: AttemptView) -> AttemptLine:
    opening = attempt.opening
    return AttemptLine(attempt.number, opening.machine, _ended(attempt))


def _ended(attempt: AttemptView) -> Exit:
    runner, opening = attempt.facts.runner, attempt.opening
    lost = opening.lost
    if runner.exit is None:
        return Exit(None, None, lost)
    reason = lost
    if runner.exit.oom:
        reason = "killed by the kernel for memory"
    elif runner.start_failed is not None:
        reason = runner.start_failed.reason
    return Exit(runner.exit.code, runner.exit.signal, reason)


def _exit(last: AttemptView | None, verdict: Verdict) -> Exit:
    if not verdict.final:
        return Exit()
    ended = _ended(last) if last else Exit()
    return Exit(ended.code, ended.signal, verdict.reason or ended.reason)
