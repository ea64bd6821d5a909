"""Rules about getting on: frozen, silent, slower, steps that jump or go back, a resume that did not, a slow rank."""

from __future__ import annotations

import math
from statistics import median

from engine.alarms.alarm import Alarm
from engine.alarms.case import Case, column, numbers
from engine.alarms.loss import WARM_UP
from engine.scalars import AttemptFacts

IDLE_UTIL = 5.0
"""Percent of a GPU, or of one CPU core, up to which a trainer counts as doing nothing."""


def usual_gap(facts: AttemptFacts) -> float | None:
    """The p99 of the seconds between rows in the window; None until there are a few."""
    times = facts.row_times()
    gaps = [after - before for before, after in zip(times, times[1:]) if after >= before]
    if len(gaps) < 4:
        return None
    return sorted(gaps)[min(len(gaps) - 1, int(0.99 * len(gaps)))]


def stall(case: Case) -> Alarm | None:
    """The process lives but its step is frozen."""
    last, gap = case.facts.t_of_last_row(), usual_gap(case.facts)
    if case.facts.runner.exit is not None or last is None or gap is None or not case.limits.stall:
        return None
    frozen = case.now - last
    if frozen <= max(case.limits.stall_s, case.limits.stall * gap):
        return None
    detail = f"no step for {frozen:.0f} s, usually one in {gap:.1f} s"
    fix = "look at the console; engine save asks for a checkpoint, engine stop ends it"
    return Alarm("stall", detail, fix, red=True, step=case.step, since=last)


def silent(case: Case) -> Alarm | None:
    """Nothing is printed and nothing computes: a hang that is still billed."""
    runner = case.facts.runner
    last = runner.last_growth() or runner.started_t
    if not case.limits.silent_s or runner.exit is not None or last is None:
        return None
    quiet = case.now - last
    if quiet < case.limits.silent_s or _computes(case) is not False:
        return None
    detail = f"nothing printed for {quiet / 60:.0f} min and nothing computes"
    fix = "it may wait for input, a lock or a download: look at the console, then stop it"
    return Alarm("silent", detail, fix, red=True, step=case.step, since=last)


def slow(case: Case) -> Alarm | None:
    """Steps take much longer than they did."""
    gaps = case.gaps()
    if not case.limits.slow or len(gaps) < 4 * WARM_UP:
        return None
    before, lately = median(gaps[: len(gaps) // 2]), median(gaps[-WARM_UP:])
    if before <= 0 or lately < case.limits.slow * before:
        return None
    detail = f"{lately:.3g} s a row, was {before:.3g} s"
    fix = "look for throttling, a full page cache or a busy neighbour in the machine's panel"
    return Alarm("slow", detail, fix, step=case.step, since=case.facts.t_of_last_row())


def steps(case: Case) -> Alarm | None:
    """The step counter jumps or goes back, so that something began anew or rows are missing."""
    # A phase of its own may count from 0.
    if not case.limits.steps or len(case.facts.trainer.phases) > 1:
        return None
    told = [sample.step for sample in case.facts.tally.recent]
    pairs = list(zip(told, told[1:]))
    strides = [after - before for before, after in pairs if after > before]
    usual = median(strides) if len(strides) >= 4 else None
    for before, after in reversed(pairs):
        jumps = usual is not None and after - before > case.limits.steps * usual
        if after < before or jumps:
            what = "went back" if after < before else "jumped"
            detail = f"the step {what} from {before:,} to {after:,}"
            fix = "a restart inside the script, or two writers of one log: look at that place"
            return Alarm("steps", detail, fix, step=after)
    return None


def not_resumed(case: Case) -> Alarm | None:
    """An attempt that was to go on from a checkpoint begins elsewhere, or with the loss of a beginner."""
    agreed, first = case.agreed, case.facts.tally.first_step
    if not case.limits.not_resumed or agreed.resume_step is None or first is None:
        return None
    fix = "stop it before its clean-up removes good checkpoints; then see engine checkpoints RUN"
    if first < agreed.resume_step:
        detail = f"began at step {first:,} and not behind step {agreed.resume_step:,}"
        return Alarm("not_resumed", detail, fix, red=True, step=first)
    span, usual = case.facts.spans.get("loss"), agreed.resume_loss
    if span is None or usual is None or not usual > 0 or math.isnan(span.first):
        return None
    if span.first <= case.limits.not_resumed * usual:
        return None
    detail = (
        f"the first loss is {span.first:.4g}, it was {usual:.4g} at step {agreed.resume_step:,}"
    )
    return Alarm("not_resumed", detail, fix, red=True, step=first)


def straggler(case: Case) -> Alarm | None:
    """One rank takes longer than the others, who wait for it."""
    times = case.facts.ranks
    if not case.limits.straggler or len(times) < 2:
        return None
    slowest = max(times, key=lambda rank: times[rank])
    others = median([took for rank, took in times.items() if rank != slowest])
    if others <= 0 or times[slowest] < case.limits.straggler * others:
        return None
    detail = f"rank {slowest} takes {times[slowest]:.3g} s a step, the others {others:.3g} s"
    fix = (
        "look at that GPU's clocks, temperature and neighbours; its share of the data may be longer"
    )
    return Alarm("straggler", detail, fix, step=case.step, since=case.facts.t_of_last_row())


def _computes(case: Case) -> bool | None:
    """Whether a GPU works or, where there is none, the trainer's processes; None where nobody can tell."""
    pulse = case.facts.runner.pulse
    if pulse is None or pulse.t is None or case.now - pulse.t > 60.0:
        return None
    use = column(pulse, "util") or [
        cpu for cpu in numbers(case.host(), "tree")[:1] if cpu is not None
    ]
    return max(use) > IDLE_UTIL if use else None
