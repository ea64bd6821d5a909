"""The machine's panel: its GPUs and the host, with what they did in the last minutes. Absence is a dash."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from cockpit.answers import STALE_S
from cockpit.inks import Line
from cockpit.watching.moment import Moment
from cockpit.widgets.gauges import LABEL, bar, bracketed, figure, of_host, pair, past, share
from cockpit.widgets.gpus import gpus
from cockpit.widgets.lines import fit
from engine.cli import words
from engine.events.base import number
from engine.events.runner import Pulsed
from engine.status.gpus import MIB

LEAST, PASTS = 4, 2
"""Lines that GPUs leave to the host; lines of its history."""


def machine(moment: Moment, width: int, height: int) -> list[Line]:
    """GPUs first, then the host; what does not fit is left out from the end, history first."""
    host = list(_host(moment, width))
    cards = gpus(moment, width, max(height - min(len(host), LEAST), 1))
    room = height - len(cards)
    spare = room - len(host)
    if spare >= PASTS:
        host = list(_host(moment, width, pasts=spare))
    return [*cards, *host][:height]


def _host(moment: Moment, width: int, pasts: int = 0) -> Iterator[Line]:
    last = moment.frame.view.last
    pulses: tuple[Pulsed, ...] = last.facts.runner.pulses if last else ()
    host = dict(pulses[-1].host or {}) if pulses else {}
    if not host:
        yield [(f"{'host':<{LABEL}}", "faint"), ("no reading yet", "muted")]
        return
    age = moment.frame.now - (pulses[-1].t or 0.0)
    live = moment.status.exit_status is None and age < STALE_S
    yield from _measured(host, pulses if pasts else (), live, width)


def _measured(
    host: Mapping[str, Any], pulses: Sequence[Pulsed], live: bool, width: int
) -> Iterator[Line]:
    cpu, (used, total) = number(host.get("cpu")), pair(host.get("ram"))
    yield bar("CPU", cpu, figure(cpu, " %", live), width)
    yield from past("", of_host(pulses, "cpu"), width, live)
    text = words.MISSING if used is None else f"{used / 1024:.1f}/{(total or 0) / 1024:.0f}G"
    yield bar("RAM", share(used, total), bracketed(text, live), width)
    yield from past("", of_host(pulses, "ram"), width, live)
    for _, free, whole in _disks(host)[:2]:
        said = f"{words.size(free * MIB)} free"
        full = None if not whole else 100 * (whole - free) / whole
        yield bar("disk", full, bracketed(said, live), width)
    yield from _tree(host, live, width)
    room = max(width - LABEL, 0)
    yield [(f"{'load':<{LABEL}}", "faint"), (fit(_load(host, live), room), "muted")]
    yield [(f"{'net':<{LABEL}}", "faint"), (fit(_flow(host, "net", "↓↑", live), room), "muted")]
    yield [(f"{'disks':<{LABEL}}", "faint"), (fit(_flow(host, "io", "rw", live), room), "muted")]


def _tree(host: Mapping[str, Any], live: bool, width: int) -> Iterator[Line]:
    """The trainer's processes together; 100 % is one core."""
    tree = host.get("tree")
    if isinstance(tree, list) and len(tree) == 3:
        cores, held, count = (number(part) for part in tree)
        text = f"{figure(cores, ' %')}  {words.size((held or 0) * MIB)}  {count or 0:.0f} procs"
        room = max(width - LABEL, 0)
        yield [(f"{'train':<{LABEL}}", "faint"), (fit(bracketed(text, live), room), "muted")]


def _load(host: Mapping[str, Any], live: bool) -> str:
    load = number(host.get("load"))
    return words.MISSING if load is None else bracketed(f"{load:.1f} over a minute", live)


def _flow(host: Mapping[str, Any], name: str, signs: str, live: bool) -> str:
    """KiB a second in and out."""
    into, out = pair(host.get(name))
    if into is None or out is None:
        return words.MISSING
    told = f"{signs[0]}{words.size(into * 1024)}/s  {signs[1]}{words.size(out * 1024)}/s"
    return bracketed(told, live)


def _disks(host: Mapping[str, Any]) -> list[tuple[str, float, float]]:
    """(path, MiB free, MiB in all), the fullest first."""
    rows = host.get("disks")
    found = []
    for row in rows if isinstance(rows, list) else []:
        if isinstance(row, list) and len(row) == 3:
            free, whole = number(row[1]), number(row[2])
            if free is not None and whole is not None:
                found.append((str(row[0]), free, whole))
    once = {disk[1:]: disk for disk in found}  # two paths on one disk are one
    return sorted(once.values(), key=lambda disk: disk[1])
