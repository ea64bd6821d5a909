"""What a digit copies of a card's advice: a command about this run. The screen runs none of them."""

from __future__ import annotations

import shlex

from engine.errors import Unusable
from engine.explain import Card, Explained, book


def cards() -> tuple[Card, ...]:
    """A user's file of cards that is wrong is named by `engine explain`; the screen goes on without any."""
    try:
        return book()
    except Unusable:
        return ()


def remedies(said: Explained, run: str) -> tuple[str, ...]:
    """The card's own command, and a run of the same profile with what the card would change."""
    found = []
    if said.run:
        found.append(shlex.join(said.run).replace("RUN", run))
    if said.set:
        changes = " ".join(f"--set {shlex.quote(one)}" for one in said.set)
        found.append(f"engine fork {run} --from latest {changes}")
    return tuple(found)
