"""What the roles of a picture look like in the theme that is on."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from rich.style import Style
from textual.color import Color, ColorParseError

from cockpit.plot.cells import CURVES, Ground, Role, Tone, parts
from cockpit.plot.palette import curve_colour

_VARIABLES = {
    Role.TEXT: "foreground",
    Role.TITLE: "foreground",
    Role.ALERT: "error",
    Role.WARNING: "warning",
    Role.GOOD: "success",
    Role.ACCENT: "accent",
}
_INTO_GROUND = {Role.MUTED: 0.42, Role.GRID: 0.76}
_FAINT = 0.48
"""How far raw values sink into the ground, so that their average stands out."""
_TINTS = {
    Ground.BAND: ("success", 0.13),
    Ground.REDONE: ("warning", 0.2),
    Ground.SELECTED: ("primary", 0.25),
    Ground.CROSS: ("foreground", 0.16),
}


class Colours:
    """Ink -> style, under one theme, on one ground, for curves of these colours."""

    def __init__(
        self, variables: Mapping[str, str], ground: Color, dark: bool, curves: tuple[str, ...]
    ) -> None:
        self._variables, self._dark, self._curves = variables, dark, curves
        self._open = ground.ansi is not None or ground.a < 1
        self._ground = Color.parse("#101010" if dark else "#f4f4f4") if self._open else ground
        self.style = lru_cache(maxsize=1024)(self._style)

    def _style(self, code: int) -> Style:
        role, tone, ground = parts(code)
        back = self._ground
        if ground in _TINTS:
            name, strength = _TINTS[ground]
            back = back.blend(self._named(name), strength)
        fore = self._role(role)
        if tone is Tone.FAINT:
            fore = fore.blend(back, _FAINT)
        below = None if self._open and ground is Ground.NONE else back.rich_color
        return Style(color=fore.rich_color, bgcolor=below, bold=tone is Tone.BOLD)

    def _role(self, role: int) -> Color:
        if role >= Role.CURVE:
            return self._curve(role - Role.CURVE)
        if role in _INTO_GROUND:
            return self._named("foreground").blend(self._ground, _INTO_GROUND[Role(role)])
        return self._named(_VARIABLES[Role(role)])

    def _curve(self, slot: int) -> Color:
        own = next((c for c in self._curves[slot::CURVES] if c), "")
        return self._named(own) if own else Color.parse(curve_colour(slot, self._dark))

    def _named(self, name: str) -> Color:
        """A theme's variable, or a colour as such. What cannot be read is the text's."""
        for candidate in (self._variables.get(name, name), self._variables.get("foreground", "")):
            try:
                found = Color.parse(candidate)
            except ColorParseError:
                continue
            if found.ansi is None and found.a:
                return found
        return Color.parse("#e0e0e0" if self._dark else "#202020")
