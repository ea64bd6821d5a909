"""The GPUs of a machine, each as fully as there is room for: bars and past, or a line, or the worst of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from statistics import fmean, median

from cockpit.answers import fresh
from cockpit.inks import Line
from cockpit.watching.moment import Moment
from cockpit.widgets.gauges import LABEL, bar, bracketed, columns, figure, of_gpu, past, share
from cockpit.widgets.lines import fit
from engine.cli import words
from engine.display import display
from engine.events.base import number, whole
from engine.events.runner import Pulsed
from engine.status.answers import Gpu
from engine.status.gpus import MIB, WELL

RECENT = 12
"""Pulses over which clocks are compared: a minute."""
SLOW = 0.9
"""A clock below this share of the others' holds them all up."""


@dataclass(frozen=True)
class Process:
    """On a GPU. `rank` is known of ours."""

    pid: int | None
    mem: float | None
    rank: int | None
    ours: bool | None


@dataclass(frozen=True)
class Card:
    """A GPU with all that is shown of it."""

    gpu: Gpu
    live: bool
    clock: float | None
    used: Sequence[float | None]
    processes: tuple[Process, ...]
    slowest: bool

    @property
    def trouble(self) -> str:
        """Why it is not well; empty when it is."""
        if self.gpu.state not in (None, WELL):
            return display(self.gpu.state or "", 24)
        if self.gpu.throttle:
            return f"throttled: {display(self.gpu.throttle, 24)}"
        return "slowest clock" if self.slowest else ""


def gpus(moment: Moment, width: int, height: int) -> list[Line]:
    """As many lines as there are or as there is room for."""
    cards = list(_cards(moment))
    if not cards:
        none: Line = [(f"{'GPU':<{LABEL}}", "faint"), ("none was read", "muted")]
        return [none][:height]
    forms: tuple[Callable[[Card, int], Sequence[Line]], ...] = (_full, _fair, _brief)
    for form in forms:
        lines: list[Line] = [line for card in cards for line in form(card, width)]
        if len(lines) <= height:
            return lines
    worst = sorted(cards, key=lambda card: (not card.trouble, card.gpu.util or 0.0))
    worst_lines: list[Line] = [_brief(card, width)[0] for card in worst[: max(height - 1, 0)]]
    more: Line = [(f"and {len(cards) - len(worst_lines)} more", "muted")]
    return [*worst_lines, more][:height]


def _cards(moment: Moment) -> Iterator[Card]:
    last = moment.frame.view.last
    pulses: tuple[Pulsed, ...] = last.facts.runner.pulses if last else ()
    clocks = _clocks(pulses[-RECENT:])
    usual = median(clocks.values()) if clocks else 0.0
    for gpu in moment.status.gpus:
        mine = clocks.get(gpu.index)
        slow = mine is not None and len(clocks) > 1 and mine < SLOW * usual
        found = tuple(_processes(pulses[-1], gpu.index)) if pulses else ()
        newest = of_gpu(pulses[-1:], gpu.index, "sm")
        yield Card(
            gpu,
            fresh(gpu, moment.status),
            newest[0] if newest else None,
            of_gpu(pulses, gpu.index, "util"),
            found,
            slow,
        )


def _clocks(pulses: Sequence[Pulsed]) -> dict[int, float]:
    """Mean clock of each GPU that is at work: ranks wait for the slowest of theirs."""
    told: dict[int, list[float]] = {}
    for pulse in pulses:
        for row in columns(pulse):
            index, clock, used = whole(row.get("i")), number(row.get("sm")), number(row.get("util"))
            if index is not None and clock is not None and (used is None or used > 50):
                told.setdefault(index, []).append(clock)
    return {index: fmean(values) for index, values in told.items()}


def _processes(pulse: Pulsed, index: int) -> Iterator[Process]:
    for row in pulse.procs or ():
        if isinstance(row, (list, tuple)) and len(row) == 5 and row[0] == index:
            ours = None if row[4] is None else bool(row[4])
            yield Process(whole(row[1]), number(row[2]), whole(row[3]), ours)


def _full(card: Card, width: int) -> Sequence[Line]:
    gpu, live = card.gpu, card.live
    name = display(gpu.name, 40) if gpu.name else "unnamed"
    facts = [figure(gpu.temp_c, " °C", live), figure(gpu.power_w, " W", live),
             figure(card.clock, " MHz", live)]  # fmt: skip
    return [
        _title(card, name, width),
        bar("util", gpu.util, figure(gpu.util, " %", live), width),
        bar("mem", share(gpu.mem_used, gpu.mem_total), _memory(card), width),
        *past("past", card.used, width, live),
        [(" " * LABEL, "faint"), (fit("  ".join(facts), max(width - LABEL, 0)), "muted")],
        *(_process(one, width) for one in card.processes),
    ]


def _title(card: Card, name: str, width: int) -> Line:
    warned = f" ⚠ {card.trouble}" if card.trouble else ""
    room = max(width - LABEL - len(warned), 0)
    label = f"{f'GPU{card.gpu.index}':<{LABEL}}"
    return [(label, "accent bold"), (fit(name, room), "text"), (warned, "warn bold")]


def _process(one: Process, width: int) -> Line:
    foreign = one.ours is False
    who = "not ours" if foreign else f"rank {one.rank}" if one.rank is not None else "process"
    mem = words.MISSING if one.mem is None else words.size(one.mem * MIB)
    text = f"{who}  pid {one.pid if one.pid is not None else words.MISSING}  {mem}"
    return [
        (" " * LABEL, "faint"),
        (fit(text, max(width - LABEL, 0)), "warn" if foreign else "muted"),
    ]


def _fair(card: Card, width: int) -> Sequence[Line]:
    gpu, live = card.gpu, card.live
    facts = f"{_memory(card)} {figure(gpu.temp_c, '°', live)} {figure(gpu.power_w, 'W', live)}"
    if card.trouble:
        facts = f"{facts} ⚠ {card.trouble}"
    ink = "warn bold" if card.trouble else "muted"
    return [
        bar(f"GPU{gpu.index}", gpu.util, figure(gpu.util, "%", live), width),
        [(" " * LABEL, "faint"), (fit(facts, max(width - LABEL, 0)), ink)],
    ]


def _brief(card: Card, width: int) -> Sequence[Line]:
    gpu, live = card.gpu, card.live
    memory = share(gpu.mem_used, gpu.mem_total)
    ranks = [f"r{one.rank}" for one in card.processes if one.rank is not None]
    text = f"{figure(gpu.util, '%', live)} m{figure(memory, '%', live)} {figure(gpu.temp_c, '°', live)}"
    if width >= 34:
        text += f" {ranks[0] if ranks else '':<3}"
    return [bar(f"{'⚠' if card.trouble else ''}GPU{gpu.index}", gpu.util, text, width)]


def _memory(card: Card) -> str:
    gpu = card.gpu
    if gpu.mem_used is None:
        return words.MISSING
    total = f"/{gpu.mem_total / 2**30:.0f}" if gpu.mem_total else ""
    return bracketed(f"{gpu.mem_used / 2**30:.1f}{total}G", card.live)
