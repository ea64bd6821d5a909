"""A Status as a headline and seven short lines that can be read aloud. Pure."""

from __future__ import annotations

import signal
from collections.abc import Iterator

from engine.cli import words
from engine.cli.output import Ink
from engine.status import Status
from engine.status.answers import Exit, Gpu, Need
from engine.status.success import Judged, Success, TierJudged

Line = list[str | Ink]
_LABEL = 11
_DIRECTIONS = {
    "down": "loss {loss} going down",
    "up": "loss {loss} going UP",
    "flat": "loss {loss}, flat",
    "diverging": "loss {loss}, DIVERGING",
    "unknown": "loss {loss}, too early to tell its direction",
}


def speak(status: Status) -> Iterator[Line]:
    """The headline, then alive, learning, done, cost, at risk, GPU, needs you."""
    place = f"step {words.progress(status.step, status.total)}"
    phase = f"  phase {status.phase}" if status.phase else ""
    word = Ink(status.word, words.colour(status.state))
    yield [Ink(status.run, "bold"), "  ", word, f"  {place}{phase}"]
    yield _line("alive", _alive(status))
    yield _line("learning", _learning(status))
    yield _line("done", _done(status))
    yield _line("cost", _cost(status))
    yield _line("at risk", _risk(status))
    yield from _several("GPU", [_gpu(gpu, status.as_of) for gpu in status.gpus], "none was read")
    if status.success is not None:
        yield from _several("success", _success(status.success), "")
    yield from _several("needs you", [_need(need) for need in status.needs], "nothing")


def brief(status: Status) -> Line:
    """One line: for progress on stderr, and for a replay."""
    loss = status.metrics.get("loss")
    arrow = words.ARROWS.get(status.learning.verdict, "")
    word = Ink(f"{status.word:<12}", words.colour(status.state))
    place = f"step {words.progress(status.step, status.total)}"
    return [
        f"{words.moment(status.as_of)}  ",
        word,
        f"  {place}  loss {words.figure(loss)} {arrow}",
    ]


def ending(ended: Exit) -> str:
    """`exit 0`, `killed by SIGKILL`, or that nobody knows."""
    if ended.signal is not None:
        try:
            return f"killed by {signal.Signals(ended.signal).name}"
        except ValueError:
            return f"killed by signal {ended.signal}"
    return "exit status unknown" if ended.code is None else f"exit status {ended.code}"


def _line(label: str, text: str) -> Line:
    return [Ink(f"{label:<{_LABEL}}", "dim"), text]


def _several(label: str, texts: list[str], none: str) -> Iterator[Line]:
    for index, text in enumerate(texts or [none]):
        yield _line("" if index else label, text)


def _alive(status: Status) -> str:
    why = f": {status.reason}" if status.reason else ""
    if status.exit_status is not None:
        return f"no, {status.word}{why}"
    if status.alive.beat_s is None:
        return f"{status.word}{why}, no heartbeat yet"
    pid = f", process {status.alive.pid}" if status.alive.pid is not None else ""
    return f"{status.word}{why}, heartbeat {words.span(status.alive.beat_s)} ago{pid}"


def _learning(status: Status) -> str:
    loss = status.metrics.get("loss")
    if loss is None:
        return "no loss was told yet"
    text = _DIRECTIONS[status.learning.verdict].format(loss=words.figure(loss))
    slope = status.learning.slope_per_1k
    if slope is not None and status.learning.verdict != "unknown":
        text += f", {slope:+.3g} in 1,000 steps"
    if status.best.metric is not None:
        value = words.figure(status.best.value)
        text += f"; best {status.best.metric} {value} at step {words.count(status.best.step)}"
    return text


def _done(status: Status) -> str:
    if status.exit_status is not None:
        return f"ended, {ending(status.exit)}" if status.attempts else "never started"
    at, about = status.eta.at, status.eta.plus_minus_s
    if at is None:
        return "unknown" if status.total else "unknown, nobody told how many steps there are"
    left = words.span(at - status.as_of)
    return f"in {left} ± {words.span(about)}, at {words.clock(at, status.as_of)}"


def _cost(status: Status) -> str:
    spent, rate, cap = status.cost.spent, status.cost.rate, status.cost.cap
    limit = f", {words.money(cap)} at most" if cap is not None else ""
    if rate is None:
        return f"no price is known{limit}"
    return f"{words.money(spent)} so far, {words.money(rate)} an hour{limit}"


def _risk(status: Status) -> str:
    risk = status.at_risk
    if risk.steps is None and risk.seconds is None:
        return "unknown, no step was told yet"
    safe = f"newest safe is {risk.newest_safe}" if risk.newest_safe else "no safe checkpoint"
    if risk.steps == 0:
        return f"nothing; {safe}" if risk.newest_safe else "nothing"
    parts = [f"{words.count(risk.steps)} steps"] if risk.steps is not None else []
    parts += [words.span(risk.seconds)] if risk.seconds is not None else []
    parts += [words.money(risk.dollars)] if risk.dollars is not None else []
    return f"{', '.join(parts)}; {safe}"


def _gpu(gpu: Gpu, now: float) -> str:
    """Numbers that are not of now stand in brackets."""
    parts = [f"{gpu.util:.0f} %"] if gpu.util is not None else []
    if gpu.mem_used is not None:
        parts.append(f"{words.size(gpu.mem_used)} of {words.size(gpu.mem_total)}")
    parts += [f"{gpu.temp_c:.0f} °C"] if gpu.temp_c is not None else []
    parts += [f"{gpu.power_w:.0f} W"] if gpu.power_w is not None else []
    parts += [f"throttled by {gpu.throttle}"] if gpu.throttle else []
    text = ", ".join(parts) or "no reading"
    if gpu.as_of is not None and now - gpu.as_of > 30:
        text = f"({text}) {words.span(now - gpu.as_of)} ago"
    state = f", {gpu.state}" if gpu.state not in (None, "ok") else ""
    return f"{gpu.index} {gpu.name or 'unnamed'}: {text}{state}"


def _success(found: Success) -> list[str]:
    """The badge, then every comparison with what was there."""
    badge = f"tier {found.tier}" if found.tier else "no tier" if found.tiers else ""
    gates = f"{sum(one.met for one in found.gates)} of {len(found.gates)} gates"
    head = ", ".join(part for part in (badge, gates if found.gates else "") if part)
    return [head, *map(_judged, found.gates), *(line for one in found.tiers for line in _tier(one))]


def _tier(tier: TierJudged) -> list[str]:
    return [f"{tier.name}: {_judged(one)}" for one in tier.criteria]


def _judged(one: Judged) -> str:
    return f"{'✔' if one.met else '✖'} {one.text}, it is {words.figure(one.value)}"


def _need(need: Need) -> str:
    return f"{need.alarm}: {need.detail}. {need.fix}"
