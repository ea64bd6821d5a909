"""A run's life on one line: what happened on the way, and how far it has come."""

from __future__ import annotations

from collections.abc import Sequence

from cockpit.inks import Line
from cockpit.milestones import Milestone
from cockpit.plot.glyphs import BRAILLE
from cockpit.watching.moment import Moment

INKS = {
    "checkpoint": "accent",
    "resume": "warn",
    "phase": "primary",
    "alert": "bad",
    "spike": "warn",
    "best": "good",
    "note": "text",
}
URGENT = ("alert", "resume", "phase", "best", "note", "spike", "checkpoint")


def timeline(moment: Moment, found: Sequence[Milestone], width: int, height: int) -> list[Line]:
    """Signs above a line that ends where the run is expected to end; the newest few in words."""
    status = moment.status
    total = status.total or status.step or 1
    room = max(width - 2, 1)
    at = min(round((status.step or 0) / max(total, 1) * (room - 1)), room - 1)
    signs = _signs(found, total, room)
    line: Line = [
        (" ", "text"),
        ("━" * at, "primary"),
        ("●", "primary bold"),
        ("─" * (room - at - 1), "line"),
    ]
    rows = [signs, line]
    if height >= 3:
        rows.append(_words(found, total, width))
    return rows[:height]


def _signs(found: Sequence[Milestone], total: int, room: int) -> Line:
    cells: list[tuple[str, str]] = [(" ", "text")] * room
    for one in sorted(found, key=lambda one: -URGENT.index(one.kind)):
        if one.step is not None:
            place = min(max(round(one.step / max(total, 1) * (room - 1)), 0), room - 1)
            cells[place] = (BRAILLE.signs[one.kind], INKS[one.kind])
    return [(" ", "text"), *cells]


def _words(found: Sequence[Milestone], total: int, width: int) -> Line:
    """The newest of each kind, in words, as far as they fit."""
    line: list[tuple[str, str]] = [(" ", "text")]
    used = 1
    newest: dict[str, Milestone] = {one.kind: one for one in found}
    for kind in URGENT:
        one = newest.get(kind)
        if one is None:
            continue
        count = sum(other.kind == kind for other in found)
        text = f"{one.text}" + (f" @ {one.step:,}" if one.step is not None else "")
        text += f" (of {count})" if count > 1 else ""
        if used + len(text) + 5 > width:
            break
        line += [(f"{BRAILLE.signs[kind]} ", INKS[kind]), (f"{text}   ", "muted")]
        used += len(text) + 5
    return line if used > 1 else [(" nothing saved, resumed or noted yet", "faint")]
