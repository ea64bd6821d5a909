"""Bytes of a segment, in any pieces, to columns of numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from engine.columns.console import ConsoleRows
from engine.columns.lines import Blocks
from engine.columns.series import EMPTY, Table
from engine.columns.store import Store
from engine.columns.trainer import TrainerRows
from engine.dialects import Lens
from engine.events import Event, Row, Segment, decode


@dataclass(frozen=True, eq=False)
class Saved:
    """Where a reading stood: enough to go on from `offset` as if it had never stopped."""

    table: Table = EMPTY
    offset: int = 0
    """End of the last whole line that was read."""
    events: tuple[bytes, ...] = ()
    reader: Sequence[Any] | None = None
    """Where the reading of a console stood."""


class Columns:
    """The rows of one attempt as they come in. With a lens the bytes are a console's, else a trainer's segment."""

    def __init__(self, lens: Lens | None = None, start: Saved | None = None) -> None:
        start = start or Saved()
        self._blocks = Blocks(start.offset)
        self._store = Store(start.table)
        self._rows: TrainerRows | ConsoleRows
        if lens is None:
            self._rows = TrainerRows(start.table.unreadable, start.events)
        else:
            self._rows = ConsoleRows(lens, start.reader)

    def feed(self, piece: bytes) -> None:
        """Take more bytes."""
        if isinstance(self._rows, ConsoleRows):
            piece = piece.replace(b"\r", b"\n")
        for block, at in self._blocks.feed(piece):
            for batch in self._rows.read(block, at):
                self._store.extend(batch)

    def table(self) -> Table:
        """All rows so far, as a value that later bytes do not change."""
        unreadable = self._rows.unreadable
        if isinstance(self._rows, TrainerRows):
            unreadable += self._blocks.oversized + self._blocks.skipping
        return self._store.table(unreadable)

    def saved(self) -> Saved:
        """The reading up to the last whole line."""
        whole = self._rows.unreadable
        if isinstance(self._rows, TrainerRows):
            whole += self._blocks.oversized
            return Saved(self._store.table(whole), self._blocks.settled, tuple(self._rows.events))
        table = self._store.table(whole)
        return Saved(table, self._blocks.settled, (), self._rows.state())

    def lines(self) -> list[bytes]:
        """The lines that hold events, as they are."""
        return list(self._rows.events) if isinstance(self._rows, TrainerRows) else []

    def events(self) -> list[Event]:
        """What the segment holds besides rows, oldest first."""
        found = (decode(line, Segment.TRAINER) for line in self._rows.events)
        return [one for one in found if one is not None and not isinstance(one, Row)]

    @property
    def dialect(self) -> str | None:
        """How the console is read, once a line was understood."""
        return self._rows.dialect if isinstance(self._rows, ConsoleRows) else None

    @property
    def total(self) -> int | None:
        """Steps of the whole run, as a console tells them."""
        return self._rows.total if isinstance(self._rows, ConsoleRows) else None
