"""A console's line as it is shown: its time, its words made harmless, and what is known of it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from rich.cells import cell_len

from cockpit.inks import Line
from cockpit.sieve import ERRORS
from cockpit.watching.console import ConsoleLine
from cockpit.widgets.lines import cut, fit
from engine.cli import words
from engine.display import display

COLOURS = re.compile(r"\x1b\[([0-9;:]*)([A-Za-z])")
"""What paints and moves: of what paints the plain colours are kept, as inks of the theme."""
WIDTH = 2000
BAD = re.compile(ERRORS, re.IGNORECASE)
WARN = re.compile(r"warn|deprecat|⚠", re.IGNORECASE)
GLUED = re.compile(r"^.{0,400}?\d+%\|[^|]{0,400}\|[^\]]{0,200}\]\s*(?=\S)(?=[{\[(A-Za-z])")
"""A progress bar to which the next line was glued, because nobody ended it."""
INKS = {1: "bad", 2: "good", 3: "warn", 4: "primary", 5: "accent", 6: "accent"}
Hide = Callable[[str], str]


def plain(text: str, hide: Hide) -> str:
    """Without colours, secrets and anything that a terminal would obey."""
    return display(hide(COLOURS.sub("", text[: 2 * WIDTH])), WIDTH)


def unglued(text: str) -> tuple[str, bool]:
    """The line behind a bar, and whether there was one."""
    found = GLUED.match(text)
    return (text[found.end() :], True) if found else (text, False)


def ink_of_line(text: str) -> str:
    if BAD.search(text):
        return "bad"
    return "warn" if WARN.search(text) else "text"


def drawn(line: ConsoleLine, hide: Hide, width: int, found: re.Pattern[str] | None = None) -> Line:
    """Time, attempt, text, and at the end what was folded away."""
    own, glued = unglued(line.text[: 2 * WIDTH])
    notes = [f"{line.folded} redraws folded" if line.folded else "", "a bar before it" * glued]
    note = "".join(f" ({one})" for one in notes if one)
    time = words.moment(line.t)
    room = max(width - len(time) - len(note) - 4, 0)
    parts: list[tuple[str, str]] = [
        (f" {time} ", "faint"),
        (f"{line.attempt} ", "accent" if line.attempt > 1 else "line"),
    ]
    parts += _told(own, hide, room, found)
    return [*parts, (note, "faint")]


def _told(text: str, hide: Hide, room: int, found: re.Pattern[str] | None) -> Line:
    shown = plain(text, hide)
    if found is not None and found.search(shown):
        return list(_marked(fit(shown, room), ink_of_line(shown), found))
    painted = list(_painted(text))
    # Colours cut a text into pieces, and a secret must not be cut before it is hidden.
    if len(painted) > 1 and "".join(piece for piece, _ in painted) == shown:
        filling = " " * max(room - cell_len(shown), 0)
        return cut([*painted, (filling, "text")], room)
    return [(fit(shown, room), ink_of_line(shown))]


def _painted(text: str) -> Iterator[tuple[str, str]]:
    """Pieces in the colour that the trainer gave them."""
    ink, end = "text", 0
    for code in COLOURS.finditer(text):
        if code.start() > end:
            yield text[end : code.start()], ink
        end = code.end()
        if code[2] == "m":
            ink = _ink(code[1], ink)
    if end < len(text):
        yield text[end:], ink


def _ink(code: str, before: str) -> str:
    """Of an SGR sequence; 38 and 48 take numbers that are no colours of their own."""
    for number in (int(part) if part.isdigit() else 0 for part in code.split(";")[:8]):
        if number in (38, 48):
            return "text"
        if number in (0, 39):
            before = "text"
        elif 30 <= number <= 37 or 90 <= number <= 97:
            before = INKS.get(number % 10, "text")
    return before


def _marked(text: str, ink: str, found: re.Pattern[str] | None) -> Iterator[tuple[str, str]]:
    """The text with what was searched for brought out."""
    end = 0
    for match in found.finditer(text) if found else ():
        if match.end() > match.start():
            yield text[end : match.start()], ink
            yield match.group(), "found"
            end = match.end()
    yield text[end:], ink
