"""Everything that can be done here and now, by name: what the command palette lists."""

from __future__ import annotations

from cockpit.actions import Action
from cockpit.screens.base import Place
from cockpit.screens.dialogs import Item

SELF = ("palette",)


def entries(screen: Place) -> dict[Item, Action]:
    """A line for each action; what is only a movement in a list is left out."""
    run = screen.about
    return {
        Item(one.label, one.says, one.command(run), one.shown): one
        for one in screen.offered()
        if one.name not in SELF and one.rank < 95
    }
