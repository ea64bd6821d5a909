"""An alarm as a person on a phone wants it: what happened, then the seven answers, one short line each. Pure."""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import median

from engine.alarms import Alarm, Case
from engine.alarms.case import column
from engine.display import display
from engine.events.base import number

WIDTH = 200
"""Characters of a line."""
ENDED = "ended"


@dataclass(frozen=True)
class Notice:
    """`lines` are the seven answers; `t` is Unix seconds."""

    run: str
    alarm: str
    title: str
    lines: tuple[str, ...]
    red: bool
    t: float
    step: int | None = None

    @property
    def text(self) -> str:
        return "\n".join((self.title, *self.lines))


def compose(case: Case, alarm: Alarm, run: str, total: int | None) -> Notice:
    """The notice of this alarm at this moment."""
    whole = case.facts.total or total
    answers = (
        ("alive", _alive(case)),
        ("learning", _learning(case)),
        ("done", _done(case, whole)),
        ("cost", _cost(case)),
        ("at risk", _risk(case)),
        ("GPU", _gpu(case)),
        ("needs you", f"{alarm.detail}. {alarm.fix}"),
    )
    lines = tuple(display(f"{label}: {text}", WIDTH) for label, text in answers)
    title = display(f"{run}: {alarm.name}: {alarm.detail}", WIDTH)
    return Notice(run, alarm.name, title, lines, alarm.red, case.now, case.step)


def end_of(case: Case, total: int | None) -> Alarm:
    """The trainer's end as something to tell of: what its exit record and its last step say."""
    end, step = case.facts.runner.exit, case.step
    whole = case.facts.total or total
    if end is None or (end.code is None and end.signal is None):
        return Alarm(ENDED, "ended unseen, exit status unknown", "engine status RUN", red=True)
    if end.oom:
        return Alarm(ENDED, "killed by the kernel for memory", "a smaller batch", red=True)
    if end.code == 0 and (whole is None or (step is not None and step >= whole - 1)):
        return Alarm(ENDED, f"done{_at(step, whole)}", "nothing to do", step=step)
    how = f"signal {end.signal}" if end.signal is not None else f"exit status {end.code}"
    fix = "engine tail RUN shows its last lines; engine resume RUN goes on"
    return Alarm(ENDED, f"{how}{_at(step, whole)}", fix, red=True, step=step)


def _at(step: int | None, total: int | None) -> str:
    if step is None:
        return ""
    return f" at step {step:,}" if total is None else f" at step {step:,} of {total:,}"


def _alive(case: Case) -> str:
    runner = case.facts.runner
    if runner.exit is not None:
        return "no, it has ended"
    if runner.t is None:
        return "nothing was heard of it"
    return f"last heard of {_span(max(case.now - runner.t, 0.0))} ago"


def _learning(case: Case) -> str:
    losses = case.finite("loss")
    newest = case.facts.tally.last.get("loss")
    if newest is None:
        return "no loss was told"
    if len(losses) < 8:
        return f"loss {newest:.4g}"
    quarter = max(len(losses) // 4, 2)
    before, lately = median(losses[:quarter]), median(losses[-quarter:])
    word = "falling" if lately < before else "rising" if lately > before else "flat"
    return f"loss {newest:.4g}, {word} from {before:.4g}"


def _done(case: Case, total: int | None) -> str:
    if case.step is None:
        return "no step was told"
    place = f"step {case.step:,}" + (f" of {total:,}" if total else "")
    times, steps = case.facts.row_times(), [one.step for one in case.facts.tally.recent]
    if (
        not total
        or case.facts.runner.exit is not None
        or len(times) < 4
        or len(times) != len(steps)
    ):
        return place
    made, took = steps[-1] - steps[0], times[-1] - times[0]
    if made <= 0 or not 0 < took < math.inf:
        return place
    return f"{place}, in about {_span(max(total - case.step, 0) * took / made)}"


def _cost(case: Case) -> str:
    price, running = case.agreed.price_hour, case.running_s()
    if price is None or running is None:
        return "no price is known"
    spent = (case.agreed.before_s + running) / 3600 * price
    return f"${spent:.2f} so far, ${price:.2f} an hour"


def _risk(case: Case) -> str:
    saved, running = case.facts.trainer.saved, case.running_s()
    since = [one.t for one in saved if one.t is not None]
    if since:
        return f"{_span(max(case.now - max(since), 0.0))} since the checkpoint of step {saved[-1].step:,}"
    return "unknown" if running is None else f"{_span(running)}, no checkpoint was told of"


def _gpu(case: Case) -> str:
    pulse = case.facts.runner.pulse
    use = column(pulse, "util") if pulse else []
    if pulse is None or not use:
        return "none was read"
    held, hot = column(pulse, "mem"), column(pulse, "temp")
    whole = [number(gpu.get("mem")) or 0.0 for gpu in case.facts.runner.gpus.values()]
    parts = [f"{sum(use) / len(use):.0f} %"]
    if held and sum(whole):
        parts.append(f"{sum(held) / 1024:.1f} of {sum(whole) / 1024:.0f} GB")
    parts += [f"{max(hot):.0f} °C"] if hot else []
    return ", ".join(parts)


def _span(seconds: float) -> str:
    if not math.isfinite(seconds):
        return "?"
    if seconds < 120:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.1f} h"
