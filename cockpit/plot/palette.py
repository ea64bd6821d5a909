"""Colours for curves that stay apart for every kind of eye, on a dark and on a light ground (after Okabe and Ito)."""

from __future__ import annotations

DARK = ("#56b4e9", "#e69f00", "#2ac79b", "#d98cb9", "#f0e442", "#6f8cff", "#ff7a45", "#c8c8c8")
LIGHT = ("#0072b2", "#c25a00", "#00795a", "#a34d83", "#7a6a00", "#3b4cc0", "#b3261e", "#4a4a4a")


def curve_colour(slot: int, dark: bool) -> str:
    """#rrggbb of the curve at this position."""
    colours = DARK if dark else LIGHT
    return colours[slot % len(colours)]
