"""A long trainer's segment for the fold that takes a line at a time: its tally from columns, an order faster."""

from __future__ import annotations

from engine.columns.columns import Saved
from engine.columns.tally import spans, tally
from engine.scalars import Ahead


def ahead(saved: Saved) -> Ahead:
    """What the fold would know at the end of the last whole line that was read."""
    table = saved.table
    return Ahead(tally(table), spans(table), saved.events, table.unreadable, saved.offset)
