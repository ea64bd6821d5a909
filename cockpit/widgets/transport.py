"""The bar under a recording: its line with the head and what lies on it, and how it plays. A click moves the head."""

from __future__ import annotations

from textual import events
from textual.message import Message

from cockpit.inks import Line
from cockpit.plot.glyphs import BRAILLE
from cockpit.watching.head import Position
from cockpit.widgets.lines import Lines, spread
from cockpit.widgets.timeline import INKS, URGENT
from engine.cli import words

SPEEDS = (1.0, 10.0, 60.0, 600.0)
LABEL = 10
"""Cells of a time of day and the space around it."""
ROOMY = 100


class TransportBar(Lines):
    """Shown where there is a position."""

    class Sought(Message):
        """Somebody clicked on the line: this part of it."""

        def __init__(self, share: float) -> None:
            super().__init__()
            self.share = share

    def place(self, position: Position | None) -> None:
        self.show(lambda width, height: transport(position, width, height))

    def on_click(self, event: events.Click) -> None:
        offset = event.get_content_offset(self)
        if offset is None or offset.y != 0:
            return
        room = _room(self.content_size.width)
        at = offset.x - LABEL - 1
        if 0 <= at < room:
            self.post_message(self.Sought(at / max(room - 1, 1)))


def _room(width: int) -> int:
    return max(width - 2 * LABEL - 2, 4)


def transport(position: Position | None, width: int, height: int) -> list[Line]:
    """Two lines, or their first."""
    if position is None:
        return []
    begin, end = words.moment(position.start), words.moment(position.end)
    bar: Line = [
        (f" {begin} ", "muted"),
        ("├", "line"),
        *_track(position, _room(width)),
        ("┤", "line"),
        (f" {end} ", "muted"),
    ]
    return [bar, _playing(position, width)][:height]


def _track(position: Position, room: int) -> Line:
    length = position.end - position.start or 1.0
    head = round(position.share * (room - 1))
    cells = [("━", "primary") if at < head else ("─", "line") for at in range(room)]
    for one in sorted(position.landmarks, key=lambda one: -URGENT.index(one.kind)):
        if one.t is not None and position.start <= one.t <= position.end:
            place = round((one.t - position.start) / length * (room - 1))
            cells[place] = (BRAILLE.signs[one.kind], INKS[one.kind])
    cells[head] = ("█", "primary bold")
    return cells


def _playing(position: Position, width: int) -> Line:
    play = (" ▶ playing ", "good chip") if position.playing else (" ▮▮ paused ", "warn chip")
    left: list[tuple[str, str]] = [(" ", "text"), play, (" ", "text")]
    shown = sorted({*SPEEDS, position.speed}) if width >= ROOMY else [position.speed]
    for speed in shown:
        now = speed == position.speed
        left.append((f" {speed:g}× ", "primary chip" if now else "faint"))
    left.append((f"  {words.moment(position.now)}", "title"))
    left.append((f"  {100 * position.share:.0f} %", "muted"))
    left.append(("  ↻ loop" if position.loop else "", "accent"))
    kinds: list[str] = [one.kind for one in position.landmarks]
    told = [words.many(kinds.count(kind), kind) for kind in ("checkpoint", "alert", "note")]
    right = f"{'  '.join(told)}  read only " if width >= ROOMY else "read only "
    return spread(left, [(right, "faint")], width)
