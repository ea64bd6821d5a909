"""Why a run failed, by the last lines it printed: the card's words in the place of a general advice. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from engine.explain.card import Card
from engine.explain.search import search
from engine.status.answers import Status
from engine.view import View

FAILED = (1, 3)
"""Exit statuses of runs that nobody asked to end."""


def explained(status: Status, view: View, cards: Sequence[Card]) -> Status:
    """The same status, its need explained where a card knows why."""
    end = view.last.facts.runner.exit if view.last else None
    if status.exit_status not in FAILED or end is None or not end.tail or not status.needs:
        return status
    hints = {card.id for card in cards if card.hint}
    found = [one for one in search("\n".join(end.tail), cards) if one.explained.card not in hints]
    if not found:
        return status
    said, need = found[-1].explained, status.needs[0]
    detail = f"{need.detail}: {said.what}" if need.detail else said.what
    return replace(status, needs=(replace(need, detail=detail, fix=said.do), *status.needs[1:]))
