"""The machine's panel: each GPU and the host, with what they did in the last minutes. Absence is a dash."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from cockpit.answers import fresh
from cockpit.inks import Line
from cockpit.watching.moment import Moment
from cockpit.widgets.lines import fit
from cockpit.widgets.spark import spark
from engine.cli import words
from engine.display import display
from engine.events.base import number
from engine.status.answers import Gpu
from engine.status.gpus import MIB

LABEL = 6
HOT = 95.0


def machine(moment: Moment, width: int, height: int) -> list[Line]:
    """GPUs first, then the host; what does not fit is left out from the end."""
    status = moment.status
    roomy = height >= 4 * len(status.gpus) + 5
    lines: list[Line] = []
    for gpu in status.gpus:
        live = fresh(gpu, status)
        lines += _gpu(gpu, live, width) if roomy else [_brief(gpu, live, width)]
    if not status.gpus:
        lines.append([("GPU   ", "faint"), ("none was read", "muted")])
    lines += _history(moment, width) if status.gpus else []
    lines += _host(moment, width)
    return lines[:height]


def _gpu(gpu: Gpu, live: bool, width: int) -> list[Line]:
    name = display(gpu.name, 40) if gpu.name else "unnamed"
    hot = f"throttled: {display(gpu.throttle, 24)}" if gpu.throttle else ""
    parts = [
        _number(gpu.temp_c, "°C", live),
        _number(gpu.power_w, " W", live),
    ]
    return [
        [(f"GPU{gpu.index:<3}", "accent bold"), (name, "text"), (f"  {hot}", "warn bold")],
        _bar("util", gpu.util, _number(gpu.util, " %", live), width),
        _bar("mem", _share(gpu.mem_used, gpu.mem_total), _memory(gpu, live), width),
        [(" " * LABEL, "faint"), ("   ".join(parts), "muted")],
    ]


def _brief(gpu: Gpu, live: bool, width: int) -> Line:
    text = f"{_number(gpu.util, '%', live)} {_number(gpu.temp_c, '°', live)}"
    return _bar(f"GPU{gpu.index}", gpu.util, text, width)


def _bar(label: str, percent: float | None, text: str, width: int) -> Line:
    room = max(width - LABEL - len(text) - 1, 0)
    full = 0 if percent is None else min(max(round(percent / 100 * room), 0), room)
    ink = "warn" if percent is not None and percent >= HOT and label in ("mem", "RAM") else "good"
    ink = "faint" if text.startswith("(") else ink
    return [
        (f"{label:<{LABEL}}", "faint"),
        ("█" * full, ink),
        ("░" * (room - full), "line"),
        (" ", "text"),
        (text, "text bold"),
    ]


def _number(value: float | None, unit: str, live: bool = True) -> str:
    """Brackets: it was so, and is not being measured now."""
    if value is None:
        return words.MISSING
    text = f"{value:.0f}{unit}"
    return text if live else f"({text})"


def _memory(gpu: Gpu, live: bool) -> str:
    if gpu.mem_used is None:
        return words.MISSING
    whole = f"/{gpu.mem_total / 2**30:.0f}" if gpu.mem_total else ""
    text = f"{gpu.mem_used / 2**30:.1f}{whole}G"
    return text if live else f"({text})"


def _share(part: float | None, whole: float | None) -> float | None:
    return 100 * part / whole if part is not None and whole else None


def _history(moment: Moment, width: int) -> list[Line]:
    """The first GPU's use over the pulses that are kept."""
    last = moment.frame.view.last
    pulses = last.facts.runner.pulses if last else ()
    used = [_first(pulse.gpus, "util") for pulse in pulses]
    if len(used) < 2:
        return []
    return [[("past  ", "faint"), (spark(used[LABEL - width :], 0.0, 100.0), "good")]]


def _first(columns: Mapping[str, Any] | None, name: str) -> float | None:
    column = (columns or {}).get(name)
    return number(column[0]) if isinstance(column, list) and column else None


def _host(moment: Moment, width: int) -> list[Line]:
    last = moment.frame.view.last
    pulse = last.facts.runner.pulse if last else None
    host = dict(pulse.host or {}) if pulse else {}
    if not host:
        return [[("host  ", "faint"), ("no reading yet", "muted")]]
    live = moment.status.exit_status is None and moment.frame.now - (pulse.t or 0.0) < 20  # type: ignore[union-attr]
    return list(_measured(host, live, width))


def _measured(host: Mapping[str, Any], live: bool, width: int) -> Iterator[Line]:
    cpu, (used, total) = number(host.get("cpu")), _pair(host.get("ram"))
    yield _bar("CPU", cpu, _number(cpu, " %", live), width)
    text = words.MISSING if used is None else f"{used / 1024:.1f}/{(total or 0) / 1024:.0f}G"
    yield _bar("RAM", _share(used, total), text if live else f"({text})", width)
    for _, free, whole in _disks(host)[:2]:
        said = f"{words.size(free * MIB)} free"
        full = None if not whole else 100 * (whole - free) / whole
        yield _bar("disk", full, said if live else f"({said})", width)
    tree = host.get("tree")
    if isinstance(tree, list) and len(tree) == 3:
        cores, held = number(tree[0]), number(tree[1])
        count = number(tree[2])
        text = (
            f"{_number(cores, ' %', live)}  {words.size((held or 0) * MIB)}  {count or 0:.0f} procs"
        )
        yield [("train ", "faint"), (fit(text, max(width - LABEL, 0)), "muted")]
    yield [("load  ", "faint"), (fit(_flow(host, live), max(width - LABEL, 0)), "muted")]


def _flow(host: Mapping[str, Any], live: bool) -> str:
    load = number(host.get("load"))
    received, sent = _pair(host.get("net"))
    text = words.MISSING if load is None else f"{load:.1f}"
    if received is not None and sent is not None:
        text += f"   net ↓{words.size(received * 1024)}/s ↑{words.size(sent * 1024)}/s"
    return text if live else f"({text})"


def _pair(found: object) -> tuple[float | None, float | None]:
    if isinstance(found, list) and len(found) == 2:
        return number(found[0]), number(found[1])
    return None, None


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
