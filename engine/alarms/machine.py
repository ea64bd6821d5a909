"""Rules about the machine: little use of it and why, throttling, memory and disk that run out."""

from __future__ import annotations

import math
from statistics import mean, median
from typing import Any, Mapping

from engine.alarms.alarm import Alarm
from engine.alarms.case import Case, column, numbers
from engine.events.base import number
from engine.events.runner import Pulsed

GB = 1024.0
"""Mebibytes, in which the pulse counts, of what is called a gigabyte here."""
UTIL_S = 600.0
CREEP_S = 300.0
"""The shortest history that a forecast is made from."""
PARTS = 5
"""Stretches of the history whose medians are compared."""
LEAST_GROWTH = 0.02
"""Of the whole: what memory must have grown by to be called creeping."""
HELD_DOWN = frozenset(("power_cap", "hw_slowdown", "sw_thermal", "hw_thermal", "power_brake"))
"""Reasons for low clocks that cost time; idle clocks and clocks that somebody set do not."""


def mfu(case: Case) -> Alarm | None:
    """The model's FLOPs are a small share of what the device can do."""
    shares = [value for value in case.finite("mfu") if value >= 0][-16:]  # below 0: not known yet
    if not case.limits.mfu or len(shares) < 8:
        return None
    # Some trainers tell it in percent.
    scale = 100.0 if max(shares) > 1.5 else 1.0
    found = median(shares) / scale
    if found >= case.limits.mfu:
        return None
    detail, fix = f"MFU {100 * found:.1f} %, expected {100 * case.limits.mfu:.0f} %", _remedy(case)
    return Alarm("mfu", detail, fix, step=case.step, since=case.facts.t_of_last_row())


def util(case: Case) -> Alarm | None:
    """The GPUs have little to do for ten minutes while steps are made."""
    found = case.lately(UTIL_S)
    use = [mean(shares) for shares in (column(one, "util") for one in found) if shares]
    last = case.facts.t_of_last_row()
    stepping = last is not None and case.now - last < UTIL_S
    if not case.limits.util or len(use) < 8 or not stepping:
        return None
    if mean(use) >= 100 * case.limits.util:
        return None
    return Alarm(
        "util", f"GPUs at {mean(use):.0f} % for ten minutes", _remedy(case), since=found[0].t
    )


def throttle(case: Case) -> Alarm | None:
    """Heat or power holds the clocks down."""
    since: float | None = None
    reasons: set[str] = set()
    for pulse in reversed(case.facts.runner.pulses):
        held = _held_down(pulse)
        if not held or pulse.t is None:
            break
        since, reasons = pulse.t, reasons | held
    newest = case.pulse_t()
    if not case.limits.throttle_s or since is None or newest is None:
        return None
    if newest - since < case.limits.throttle_s:
        return None
    detail = f"clocks held down by {', '.join(sorted(reasons))} for {newest - since:.0f} s"
    fix = "power_cap alone is normal at full load; heat wants a cooler place or another machine"
    return Alarm("throttle", detail, fix, since=since)


def memory(case: Case) -> Alarm | None:
    """Memory of the machine or a GPU is about to end, or creeps towards its end."""
    used, total = _pair(case.host(), "ram")
    if case.limits.memory and used is not None and total and used / total >= case.limits.memory:
        detail = f"{used / GB:.1f} of {total / GB:.1f} GB of memory in use"
        fix = "fewer workers or a smaller batch; the kernel kills without asking"
        return Alarm("memory", detail, fix, red=True, since=case.pulse_t())
    return _creeping(case)


def disk(case: Case) -> Alarm | None:
    """The disk under the run is full, nearly so, or has room for few more checkpoints."""
    filled, fix = case.facts.runner.disk_filled, "engine gc, or remove old checkpoints"
    if filled is not None:
        detail = f"the disk under {filled.path} is full"
        return Alarm("disk", detail, fix, red=True, since=filled.t)
    rooms = _free(case.host())
    if rooms and min(rooms.values()) / GB < case.limits.disk_gb:
        detail = f"{min(rooms.values()) / GB:.1f} GB free"
        return Alarm("disk", detail, fix, red=True, since=case.pulse_t())
    saved = [one for one in case.facts.trainer.saved if one.bytes]
    if not saved or not case.limits.disk_checkpoints:
        return None
    size = (saved[-1].bytes or 0) / (1 << 20)
    free = _under(saved[-1].path, rooms)
    if free is None or free >= case.limits.disk_checkpoints * size:
        return None
    detail = f"room for {free / size:.1f} more checkpoints of {size / GB:.1f} GB"
    return Alarm("disk", detail, fix, red=True, since=case.pulse_t())


def _creeping(case: Case) -> Alarm | None:
    """A forecast of the machine's memory and of each GPU's, from their own past."""
    history = case.facts.runner.history
    if not case.limits.memory_minutes or case.facts.runner.exit is not None:
        return None
    total = _pair(case.host(), "ram")[1]
    courses = [("memory", total, [(one.t, _pair(one.host or {}, "ram")[0]) for one in history])]
    for index, gpu in sorted(case.facts.runner.gpus.items()):
        course = [(one.t, _of_gpu(one, index)) for one in history]
        courses.append((f"memory of GPU {index}", number(gpu.get("mem")), course))
    for what, whole, course in courses:
        known = [(t, used) for t, used in course if t is not None and used is not None]
        left_s = _forecast(known, whole)
        if left_s is not None and left_s <= 60.0 * case.limits.memory_minutes:
            detail = f"{what} creeps up and is full in about {left_s / 60:.0f} min"
            fix = "save now; a list that keeps tensors with their graph is the usual reason"
            return Alarm("memory", detail, fix, red=True, since=case.pulse_t())
    return None


def _forecast(course: list[tuple[float, float]], whole: float | None) -> float | None:
    """Seconds until it is full; None while it does not rise steadily. A jump is no creep: each part must rise."""
    if not whole or len(course) < 5 * PARTS or course[-1][0] - course[0][0] < CREEP_S:
        return None
    size = len(course) // PARTS
    groups = [course[-(n + 1) * size : len(course) - n * size] for n in reversed(range(PARTS))]
    levels = [median([used for _, used in group]) for group in groups]
    grown = levels[-1] - levels[0]
    steady = all(after - before > 0.1 * grown for before, after in zip(levels, levels[1:]))
    seconds = median([t for t, _ in groups[-1]]) - median([t for t, _ in groups[0]])
    if grown < LEAST_GROWTH * whole or not steady or seconds <= 0:
        return None
    return max(whole - course[-1][1], 0.0) / (grown / seconds)


def _remedy(case: Case) -> str:
    """What was measured beside it, and so what may help."""
    host = case.host()
    cpu = (numbers(host, "tree") or [None])[0]
    read = (numbers(host, "io") or [None])[0]
    pulse = case.facts.runner.pulse
    held = column(pulse, "mem") if pulse else []
    sizes = [number(gpu.get("mem")) or 0.0 for gpu in case.facts.runner.gpus.values()]
    if cpu is not None and 90 <= cpu <= 130:
        return "one CPU core is busy all the time: the data loader; give it more workers"
    if read is not None and read > 200 * 1024:
        return f"{read / 1024:.0f} MB/s are read from disk: keep the data in memory or pre-tokenize"
    if held and sum(sizes) and sum(held) < 0.5 * sum(sizes):
        return f"{100 * sum(held) / sum(sizes):.0f} % of its memory is used: a bigger batch fits"
    return "look whether evaluating, saving or waiting for data takes the time"


def _held_down(pulse: Pulsed) -> set[str]:
    told = (pulse.gpus or {}).get("thr")
    words = [str(one).split("+") for one in told if one] if isinstance(told, list) else []
    return {word for reasons in words for word in reasons} & HELD_DOWN


def _pair(host: Mapping[str, Any], name: str) -> tuple[float | None, float | None]:
    pair = numbers(host, name)
    return (pair[0], pair[1]) if len(pair) == 2 else (None, None)


def _of_gpu(pulse: Pulsed, index: int) -> float | None:
    told, order = (pulse.gpus or {}).get("mem"), (pulse.gpus or {}).get("i")
    if not isinstance(told, list) or not isinstance(order, list) or index not in order:
        return None
    at = order.index(index)
    return number(told[at]) if at < len(told) else None


def _free(host: Mapping[str, Any]) -> dict[str, float]:
    """MiB free by the path that was asked about."""
    disks = host.get("disks")
    rows = disks if isinstance(disks, list) else []
    told = [row for row in rows if isinstance(row, list) and len(row) > 1]
    known = [(str(row[0]), number(row[1])) for row in told]
    return {path: free for path, free in known if free is not None and math.isfinite(free)}


def _under(path: str, rooms: Mapping[str, float]) -> float | None:
    """The room where this path lies: the longest path that it begins with, else the least of all."""
    over = [one for one in rooms if path.startswith(one)]
    return rooms[max(over, key=len)] if over else min(rooms.values(), default=None)
