"""The few ways text is written in, by name, under the theme that is on. Meaning never stands on a colour alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache

from rich.style import Style
from textual.color import Color

from cockpit.plot.palette import curve_colour

CURVES = 8
"""Inks `curve 0` and on are those of the curves of a chart, by position."""
Line = Sequence[tuple[str, str]]
"""(text, ink) from left to right."""
PLAIN = ""
"""The ink of what has none: the ground that a widget draws on."""

_NAMED = {
    "text": "foreground",
    "muted": "muted",
    "faint": "faint",
    "line": "line",
    "good": "success",
    "warn": "warning",
    "bad": "error",
    "accent": "accent",
    "primary": "primary",
}
STATES = {
    "running": "good",
    "done": "good",
    "failed": "bad",
    "lost": "bad",
    "stalled": "bad",
    "stopped": "muted",
}
"""The ink of a state; the others wait for something."""
_SIGNS = {
    "LIVE": "●",
    "QUIET": "◐",
    "OFFLINE": "◌",
    "QUEUED": "○",
    "STARTING": "◔",
    "SYNCING": "◔",
    "STOPPING": "◒",
    "CLOSING": "◒",
    "RECOVERING": "⟲",
    "STALLED": "◍",
    "DONE": "✔",
    "STOPPED": "■",
}


def ink_of(state: str, word: str) -> str:
    """QUIET and OFFLINE are running too, and nobody should take them for well."""
    if word.startswith(("QUIET", "OFFLINE", "DIVERGED")):
        return "bad" if word == "DIVERGED" else "warn"
    return STATES.get(state, "warn")


def sign(word: str) -> str:
    """The glyph that goes with a state's word."""
    return _SIGNS.get(word.split(" ")[0], "✖")


@lru_cache(maxsize=8)
def _table(theme: tuple[tuple[str, str], ...]) -> Mapping[str, Style]:
    colours = dict(theme)
    found: dict[str, Style] = {}
    ground = colours["background"]
    for ink, name in _NAMED.items():
        colour = Color.parse(colours[name]).rich_color
        found[ink] = Style(color=colour)
        found[f"{ink} bold"] = Style(color=colour, bold=True)
        chip = Style(color=Color.parse(ground).rich_color, bgcolor=colour, bold=True)
        found[f"{ink} chip"] = chip
    dark = Color.parse(ground).brightness < 0.5
    for slot in range(CURVES):
        colour = Color.parse(curve_colour(slot, dark)).rich_color
        found[f"curve {slot}"] = Style(color=colour, bold=True)
    found["key"] = found["accent bold"]
    found["title"] = found["text bold"]
    found["cursor"] = Style(bgcolor=Color.parse(colours["cursor"]).rich_color)
    found["found"] = Style(
        color=Color.parse(ground).rich_color, bgcolor=Color.parse(colours["warning"]).rich_color
    )
    return found


@lru_cache(maxsize=64)
def _grounded(theme: tuple[tuple[str, str], ...], ground: Style) -> Mapping[str, Style]:
    return {PLAIN: ground, **{ink: ground + style for ink, style in _table(theme).items()}}


def table(variables: Mapping[str, str], ground: Style) -> Mapping[str, Style]:
    """Ink -> style, under these variables of a theme, on the ground of a widget; `PLAIN` is the ground itself."""
    names = (*_NAMED.values(), "background", "cursor")
    return _grounded(tuple((name, variables[name]) for name in dict.fromkeys(names)), ground)
