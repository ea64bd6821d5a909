"""The looks to choose from: dark, light, high contrast, and one for eyes that do not tell red from green."""

from __future__ import annotations

from textual.theme import Theme

DARK = Theme(
    name="cockpit",
    primary="#4aa3df",
    secondary="#7d8ff0",
    accent="#7fd1e8",
    success="#4cc38a",
    warning="#e8b04a",
    error="#f2665c",
    foreground="#d8dee6",
    background="#0d1117",
    surface="#121821",
    panel="#1d2632",
    dark=True,
    variables={"line": "#2b3747", "muted": "#8a97a8", "faint": "#566273", "cursor": "#1f3a52"},
)
LIGHT = Theme(
    name="light",
    primary="#0b62a4",
    secondary="#4450b8",
    accent="#00687a",
    success="#12703f",
    warning="#8a5200",
    error="#b3261e",
    foreground="#1c2530",
    background="#fbfcfd",
    surface="#f2f5f8",
    panel="#e3e9ef",
    dark=False,
    variables={"line": "#c3cdd8", "muted": "#566273", "faint": "#8c98a6", "cursor": "#cfe4f5"},
)
CONTRAST = Theme(
    name="high-contrast",
    primary="#6cc7ff",
    secondary="#b7b7ff",
    accent="#00ffff",
    success="#5dff8f",
    warning="#ffd400",
    error="#ff7a7a",
    foreground="#ffffff",
    background="#000000",
    surface="#000000",
    panel="#1c1c1c",
    dark=True,
    variables={"line": "#a0a0a0", "muted": "#d8d8d8", "faint": "#b0b0b0", "cursor": "#003f7f"},
)
COLOUR_BLIND = Theme(
    name="colour-blind",
    primary="#56b4e9",
    secondary="#cc79a7",
    accent="#f0e442",
    success="#56b4e9",
    warning="#f0e442",
    error="#ff8c1a",
    foreground="#dfe3e8",
    background="#0f1216",
    surface="#151a20",
    panel="#20272f",
    dark=True,
    variables={"line": "#36414d", "muted": "#98a3af", "faint": "#65707c", "cursor": "#2a3f52"},
)
THEMES = (DARK, LIGHT, CONTRAST, COLOUR_BLIND)


def after(name: str) -> str:
    """The next of them."""
    names = [theme.name for theme in THEMES]
    return names[(names.index(name) + 1) % len(names)] if name in names else names[0]
