"""The seven answers in a few characters each, for every size. Pure: a Status goes in."""

from __future__ import annotations

from dataclasses import dataclass

from cockpit.inks import ink_of, sign
from engine.cli import words
from engine.display import display
from engine.status import Status
from engine.status.answers import Gpu

STALE_S = 20.0
"""A reading older than this is not of now and stands in brackets."""
NAME = 48
GIB = 1 << 30


@dataclass(frozen=True)
class Answer:
    """`value` in a dozen characters, `detail` in one line."""

    label: str
    value: str
    detail: str
    ink: str = "text"


def answers(status: Status) -> tuple[Answer, ...]:
    """Alive, learning, done, cost, at risk, GPU, needs you."""
    return (
        _alive(status),
        _learning(status),
        _done(status),
        _cost(status),
        _risk(status),
        _gpu(status),
        _needs(status),
    )


def _alive(status: Status) -> Answer:
    value = f"{sign(status.word)} {display(status.word, 16)}"
    beat = status.alive.beat_s
    detail = display(status.reason, NAME) if status.reason else ""
    if beat is not None:
        detail = f"beat {beat:.1f}s ago" if beat < 60 else f"beat {words.span(beat)} ago"
    return Answer("ALIVE", value, detail, ink_of(status.state, status.word))


def _learning(status: Status) -> Answer:
    verdict, slope = status.learning.verdict, status.learning.slope_per_1k
    arrow = words.ARROWS.get(verdict, "")
    said = {"down": "falling", "up": "rising", "flat": "flat", "diverging": "diverging"}
    loss = status.metrics.get("loss")
    value = f"{arrow} {words.figure(loss)}".strip()
    detail = "no loss yet" if loss is None else said.get(verdict, "too early")
    if slope is not None and verdict in said:
        detail = f"{slope:+.2g} per 1k"
    ink = {"down": "good", "up": "warn", "diverging": "bad"}.get(verdict, "text")
    return Answer("LEARNING", value, detail, ink)


def _done(status: Status) -> Answer:
    if status.exit_status is not None:
        return Answer("DONE", *_ended(status))
    at, about = status.eta.at, status.eta.plus_minus_s
    if at is None:
        return Answer("DONE", words.MISSING, "no pace yet" if status.total else "no total told")
    around = f" ±{words.span(about)}" if about is not None else ""
    return Answer("DONE", words.clock(at, status.as_of) + around, f"in {_left(status)}")


def _left(status: Status) -> str:
    return words.span((status.eta.at or status.as_of) - status.as_of)


def _ended(status: Status) -> tuple[str, str, str]:
    """How it ended, by its exit record."""
    good = status.exit_status == 0
    value = f"exit {status.exit.code}" if status.exit.code is not None else "ended"
    place = words.progress(status.step, status.total)
    return value, f"step {place}", "good" if good else ink_of(status.state, status.word)


def _cost(status: Status) -> Answer:
    spent, rate, cap = status.cost.spent, status.cost.rate, status.cost.cap
    limit = f" of {words.money(cap)}" if cap is not None else ""
    if rate is None:
        return Answer("COST", words.MISSING, f"no price{limit}")
    return Answer("COST", f"{words.money(spent)}{limit}", f"{words.money(rate)} an hour")


def _risk(status: Status) -> Answer:
    risk = status.at_risk
    safe = (
        display(risk.newest_safe, NAME).replace("checkpoint-", "ckpt ") if risk.newest_safe else ""
    )
    if risk.steps == 0:
        return Answer("AT RISK", "nothing", f"{safe} safe" if safe else "", "good")
    if risk.seconds is None and risk.steps is None:
        return Answer("AT RISK", words.MISSING, "no step yet")
    value = words.span(risk.seconds) if risk.seconds is not None else f"{risk.steps:,} steps"
    if risk.dollars is not None:
        value += f" {words.money(risk.dollars)}"
    long = (risk.seconds or 0) > 1800
    return Answer("AT RISK", value, f"since {safe}" if safe else "nothing safe", _risky(safe, long))


def _risky(safe: str, long: bool) -> str:
    return "warn" if long or not safe else "text"


def _gpu(status: Status) -> Answer:
    if not status.gpus:
        return Answer("GPU", words.MISSING, "none was read")
    used = [gpu.util for gpu in status.gpus if gpu.util is not None]
    value = f"{sum(used) / len(used):.0f} %" if used else words.MISSING
    held = [gpu.mem_used for gpu in status.gpus if gpu.mem_used is not None]
    whole = [gpu.mem_total for gpu in status.gpus if gpu.mem_total is not None]
    detail = f"{sum(held) / GIB:.1f}/{sum(whole) / GIB:.0f}G" if held and whole else ""
    if not fresh(status.gpus[0], status):
        value, detail = f"({value})", f"({detail})" if detail else ""
    count = f"{len(status.gpus)}× " if len(status.gpus) > 1 else ""
    hot = any(gpu.throttle for gpu in status.gpus)
    return Answer("GPU", f"{count}{value}", detail, "warn" if hot else "text")


def fresh(gpu: Gpu, status: Status) -> bool:
    """The reading is of now: the run lives and it is a few seconds old."""
    old = gpu.as_of is None or status.as_of - gpu.as_of > STALE_S
    return not old and status.exit_status is None


def _needs(status: Status) -> Answer:
    if not status.needs:
        return Answer("NEEDS YOU", "nothing", "", "good")
    first = status.needs[0]
    more = f" +{len(status.needs) - 1}" if len(status.needs) > 1 else ""
    red = any(need.red for need in status.needs)
    value = f"{'‼' if red else '⚠'} {display(first.alarm, 16)}{more}"
    return Answer("NEEDS YOU", value, display(first.detail, NAME), "bad" if red else "warn")
