"""Rules about money and what would be lost: limits, a machine that is paid and idle, work that is safe nowhere."""

from __future__ import annotations

from engine.alarms.alarm import Alarm
from engine.alarms.case import Case, column
from engine.alarms.progress import IDLE_UTIL


def budget(case: Case) -> Alarm | None:
    """A limit of the profile is nearly used up, or was reached and the runner acts on it."""
    limit = case.facts.runner.limit
    if limit is not None:
        detail = f"{limit.limit} reached: {limit.value:.4g} of {limit.cap:.4g}"
        fix = "engine resume RUN with a higher limit goes on from the newest checkpoint"
        return Alarm("budget", detail, fix, red=True, since=limit.t)
    running = case.running_s()
    if not case.limits.budget or running is None or case.facts.runner.exit is not None:
        return None
    hours, agreed = (case.agreed.before_s + running) / 3600.0, case.agreed
    spent = None if agreed.price_hour is None else hours * agreed.price_hour
    for name, used, cap in (("hours", hours, agreed.hours), ("dollars", spent, agreed.dollars)):
        if cap and used is not None and used >= case.limits.budget * cap:
            detail = f"{used:.3g} of {cap:.3g} {name} are used up"
            fix = "see that a checkpoint comes before the limit; engine save asks for one"
            return Alarm("budget", detail, fix, step=case.step)
    return None


def idle(case: Case) -> Alarm | None:
    """A machine that is paid for runs nothing."""
    if not case.limits.idle_minutes or not case.agreed.price_hour:
        return None
    seconds = 60.0 * case.limits.idle_minutes
    since = _ended(case) or _unused(case, seconds)
    if since is None or case.now - since < seconds:
        return None
    lost = (case.now - since) / 3600.0 * case.agreed.price_hour
    detail = f"nothing runs for {(case.now - since) / 60:.0f} min, ${lost:.2f} so far"
    fix = "release the machine, or [limits] idle_minutes ends the run by itself"
    return Alarm("idle", detail, fix, red=True, since=since)


def at_risk(case: Case) -> Alarm | None:
    """Too much work is safe nowhere else."""
    seconds = case.agreed.at_risk_s
    if seconds is None:
        seconds = _unsaved(case)
    if not case.limits.at_risk_minutes or seconds is None or case.facts.runner.exit is not None:
        return None
    if seconds < 60.0 * case.limits.at_risk_minutes:
        return None
    detail = f"{seconds / 60:.0f} min of work are in no safe checkpoint"
    fix = "engine save RUN asks for one now; [save] every_minutes or the script's own option for later"
    return Alarm("at_risk", detail, fix, step=case.step, since=case.now - seconds)


def notice(case: Case) -> Alarm | None:
    """The machine is being taken away, or will be before a save could be done."""
    runner = case.facts.runner
    if runner.exit is not None:
        return None
    if runner.noticed:
        last = runner.noticed[-1]
        fix = "[recover] goes on from the newest checkpoint; engine pull RUN brings it here"
        return Alarm("notice", last.detail, fix, red=True, step=last.step, since=last.t)
    told = runner.notice
    if told is None or (told.heard and told.fits is not False):
        return None
    detail = f"a save takes {told.save_s or 0:.0f} s, this machine goes {told.within_s:.0f} s after its notice"
    if told.reason is not None:
        words = "no save at the notice" if told.heard else "its notice is not heard"
        detail = f"this machine may be taken away, {words}: {told.reason}"
    fix = "save more often: what came since the newest checkpoint is lost when it is taken"
    return Alarm("notice", detail, fix, since=told.t)


def _ended(case: Case) -> float | None:
    end = case.facts.runner.exit
    return None if end is None else end.t


def _unused(case: Case, seconds: float) -> float | None:
    """Since when the GPUs idle and nothing is written, if that is long enough."""
    found = case.lately(seconds)
    use = [max(shares) for shares in (column(one, "util") for one in found) if shares]
    grown = case.facts.runner.last_growth() or case.facts.runner.started_t
    if not use or len(use) < len(found) or max(use) >= IDLE_UTIL or grown is None:
        return None
    return max(found[0].t or grown, grown)


def _unsaved(case: Case) -> float | None:
    """Seconds since the newest checkpoint that the trainer told of, or since it started."""
    running, told = case.running_s(), [one.t for one in case.facts.trainer.saved if one.t]
    if running is None:
        return None
    return min(running, max(case.now - max(told), 0.0)) if told else running
