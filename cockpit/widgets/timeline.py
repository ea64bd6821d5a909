"""A run's life on one line, and the bar under it with which a recording is moved."""

from __future__ import annotations

from collections.abc import Sequence

from cockpit.inks import Line
from cockpit.milestones import Milestone
from cockpit.plot.glyphs import BRAILLE
from cockpit.watching.head import Position
from cockpit.watching.moment import Moment
from cockpit.widgets.lines import fit
from engine.cli import words

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
SHOWN_SPEEDS = (1.0, 10.0, 60.0, 600.0)


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


def transport(position: Position | None, width: int, height: int) -> list[Line]:
    """The recording's line with its head, and how it plays."""
    if position is None:
        return []
    begin, end = words.moment(position.start), words.moment(position.end)
    room = max(width - 22, 4)
    length = position.end - position.start or 1.0
    cells: list[tuple[str, str]] = [("─", "line")] * room
    for one in sorted(position.landmarks, key=lambda one: -URGENT.index(one.kind)):
        if one.t is not None and position.start <= one.t <= position.end:
            place = round((one.t - position.start) / length * (room - 1))
            cells[place] = (BRAILLE.signs[one.kind], INKS[one.kind])
    head = round(position.share * (room - 1))
    cells = [("━", "primary") if at < head and c[0] == "─" else c for at, c in enumerate(cells)]
    cells[head] = ("█", "primary bold")
    bar: Line = [
        (f" {begin} ", "muted"),
        ("├", "line"),
        *cells,
        ("┤", "line"),
        (f" {end} ", "muted"),
    ]
    return [bar, _playing(position, width)][:height]


def _playing(position: Position, width: int) -> Line:
    play = " ▶ playing " if position.playing else " ❚❚ paused "
    line: list[tuple[str, str]] = [
        (" ", "text"),
        (play, "good chip" if position.playing else "warn chip"),
        ("  ", "text"),
    ]
    shown = sorted({*SHOWN_SPEEDS, position.speed})
    for speed in shown if width >= 80 else [position.speed]:
        text = f"{speed:g}×"
        now = speed == position.speed
        line.append((f" {text} ", "primary chip" if now else "faint"))
    line.append((f"   {words.moment(position.now)}", "text bold"))
    line.append((f"  {100 * position.share:.0f} %", "muted"))
    line.append(("   loop" if position.loop else "", "accent"))
    line.append((fit("   read only: nothing is contacted", 34), "faint"))
    return line
