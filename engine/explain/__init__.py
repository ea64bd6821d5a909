"""What a line of a console means, why it came, and what to do: cards, ours and the user's.

    card    one card, and what it says of a line
    book    the cards there are: ours in `cards.toml`, the user's beside hosts.toml, the project's in profiles/
    search  which lines of a text the cards explain
    mend    the part of a card's advice that a machine can carry out

Nothing is ever carried out by itself: a card's command is shown.
"""

from __future__ import annotations

from engine.explain.book import book
from engine.explain.card import Card, Explained
from engine.explain.search import Finding, first, search

__all__ = ["Card", "Explained", "Finding", "book", "first", "search"]
