"""Numbers as people read them. What is not known is a dash, never 0."""

from __future__ import annotations

import math
import time

MISSING = "—"
ARROWS = {"down": "↓", "up": "↑", "flat": "→", "diverging": "‼"}


def count(number: int | None) -> str:
    """12,345"""
    return MISSING if number is None else f"{number:,}"


def many(number: int, noun: str) -> str:
    """1 step, 12,345 steps"""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def figure(value: float | None) -> str:
    """Four digits that mean something; nan and inf are words."""
    return MISSING if value is None else f"{value:.4g}"


def span(seconds: float | None) -> str:
    """A length of time in at most two units: 45s, 4m10s, 3h58m, 2d4h."""
    if seconds is None or not math.isfinite(seconds):
        return MISSING
    whole = int(max(seconds, 0))
    for size, unit, small, part in (
        (86400, "d", 3600, "h"),
        (3600, "h", 60, "m"),
        (60, "m", 1, "s"),
    ):
        if whole >= size:
            rest = whole % size // small
            return f"{whole // size}{unit}{rest}{part}" if rest else f"{whole // size}{unit}"
    return f"{whole}s"


def money(dollars: float | None) -> str:
    """$0.42"""
    return MISSING if dollars is None else f"${dollars:,.2f}"


def size(number: float | None) -> str:
    """1.3 GB; decimal units, as disks are sold."""
    if number is None:
        return MISSING
    for unit in ("B", "kB", "MB", "GB", "TB"):
        if abs(number) < 1000 or unit == "TB":
            break
        number /= 1000
    return f"{number:.0f} B" if unit == "B" else f"{number:.1f} {unit}"


def clock(t: float | None, now: float | None = None) -> str:
    """The time of day here, with the date where it is not today."""
    try:
        there = time.localtime(t) if t is not None else None
    except (OverflowError, ValueError, OSError):
        there = None
    if there is None:
        return MISSING
    same_day = there[:3] == time.localtime(now)[:3]
    return time.strftime("%H:%M" if same_day else "%Y-%m-%d %H:%M", there)


def moment(t: float | None) -> str:
    """Time of day to the second, for a list of events."""
    try:
        return time.strftime("%H:%M:%S", time.localtime(t)) if t is not None else "--:--:--"
    except (OverflowError, ValueError, OSError):
        return "--:--:--"


def progress(step: int | None, total: int | None) -> str:
    """40/100"""
    return count(step) if total is None else f"{count(step)}/{count(total)}"


def colour(state: str) -> str:
    """The colour of a state's word; never the only sign of it."""
    if state in ("failed", "lost", "stalled"):
        return "red"
    return {"running": "green", "done": "green"}.get(state, "yellow")
