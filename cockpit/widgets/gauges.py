"""Numbers of a machine as they are shown: bars, brackets around what is not of now, dashes for what is not known."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from cockpit.inks import Line
from engine.cli import words
from engine.cli.spark import spark
from engine.events.base import number
from engine.events.runner import Pulsed

LABEL = 6
HOT = 95.0
GUARDED = ("mem", "RAM", "disk")
"""Of these, nearly all in use is a warning."""


def bar(label: str, percent: float | None, text: str, width: int) -> Line:
    """Label, bar and number in one line."""
    room = max(width - LABEL - len(text) - 1, 0)
    full = 0 if percent is None else min(max(round(percent / 100 * room), 0), room)
    ink = "warn" if percent is not None and percent >= HOT and label in GUARDED else "good"
    ink = "faint" if text.startswith("(") else ink
    return [
        (f"{label:<{LABEL}}", "faint"),
        ("█" * full, ink),
        ("░" * (room - full), "line"),
        (" ", "text"),
        (text, "text bold"),
    ]


def figure(value: float | None, unit: str, live: bool = True) -> str:
    """Brackets: it was so, and is not being measured now."""
    return words.MISSING if value is None else bracketed(f"{value:.0f}{unit}", live)


def bracketed(text: str, live: bool) -> str:
    return text if live or text == words.MISSING else f"({text})"


def share(part: float | None, whole: float | None) -> float | None:
    """Percent."""
    return 100 * part / whole if part is not None and whole else None


def past(label: str, values: Sequence[float | None], width: int, live: bool) -> Iterator[Line]:
    """The newest at the right end; nothing where there is no history."""
    if sum(value is not None for value in values) < 2:
        return
    shown = spark(list(values)[-max(width - LABEL, 1) :], 0.0, 100.0)
    ink = "primary" if live else "faint"
    yield [(f"{label:<{LABEL}}", "faint"), (f"{shown:>{max(width - LABEL, 0)}}", ink)]


def columns(pulse: Pulsed) -> Iterator[Mapping[str, Any]]:
    """One mapping a GPU. A pulse carries its GPUs as columns of equal length, or anything else."""
    told = {name: col for name, col in (pulse.gpus or {}).items() if isinstance(col, list)}
    for place in range(len(told.get("i", ()))):
        yield {name: col[place] for name, col in told.items() if place < len(col)}


def of_gpu(pulses: Sequence[Pulsed], index: int, name: str) -> list[float | None]:
    """What each pulse said of one GPU."""
    found: list[float | None] = []
    for pulse in pulses:
        row = next((row for row in columns(pulse) if row.get("i") == index), {})
        found.append(number(row.get(name)))
    return found


def of_host(pulses: Sequence[Pulsed], name: str) -> list[float | None]:
    """What each pulse said of the host, in percent."""
    found: list[float | None] = []
    for pulse in pulses:
        value = (pulse.host or {}).get(name)
        found.append(share(*pair(value)) if isinstance(value, list) else number(value))
    return found


def pair(found: object) -> tuple[float | None, float | None]:
    if isinstance(found, list) and len(found) == 2:
        return number(found[0]), number(found[1])
    return None, None
