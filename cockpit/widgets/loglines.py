"""A console's line as it is shown: its time, its words made harmless, and what is known of it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from cockpit.inks import Line
from cockpit.watching.console import ConsoleLine
from cockpit.widgets.lines import fit
from engine.cli import words
from engine.display import display

COLOURS = re.compile(r"\x1b\[[0-9;:]*[A-Za-z]")
"""What paints and moves: of no meaning in a log that is read."""
WIDTH = 2000
BAD = re.compile(r"error|exception|traceback|fatal|out of memory|\bnan\b|killed", re.IGNORECASE)
WARN = re.compile(r"warn|deprecat|⚠", re.IGNORECASE)
Hide = Callable[[str], str]


def plain(text: str, hide: Hide) -> str:
    """Without colours, secrets and anything that a terminal would obey."""
    return display(hide(COLOURS.sub("", text[: 2 * WIDTH])), WIDTH)


def ink_of_line(text: str) -> str:
    if BAD.search(text):
        return "bad"
    return "warn" if WARN.search(text) else "text"


def drawn(line: ConsoleLine, hide: Hide, width: int, found: re.Pattern[str] | None = None) -> Line:
    """Time, attempt, text, and at the end how many redraws were folded."""
    text = plain(line.text, hide)
    note = f" {line.folded} redraws folded" if line.folded else ""
    time = words.moment(line.t)
    room = max(width - len(time) - len(note) - 4, 0)
    shown = fit(text, room)
    parts: list[tuple[str, str]] = [
        (f" {time} ", "faint"),
        (f"{line.attempt} ", "accent" if line.attempt > 1 else "line"),
    ]
    parts += _marked(shown, ink_of_line(text), found)
    return [*parts, (note, "faint")]


def _marked(text: str, ink: str, found: re.Pattern[str] | None) -> Iterator[tuple[str, str]]:
    """The text with what was searched for brought out."""
    end = 0
    for match in found.finditer(text) if found else ():
        if match.end() > match.start():
            yield text[end : match.start()], ink
            yield match.group(), "found"
            end = match.end()
    yield text[end:], ink
