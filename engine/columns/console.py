"""A foreign trainer's console to batches of rows, line by line through its dialect."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from engine.columns.batch import Batch, batch
from engine.dialects import Lens, Reader


class ConsoleRows:
    """Reads blocks of whole lines. Nothing here is unreadable: a console may hold anything."""

    def __init__(self, lens: Lens, state: Sequence[Any] | None = None) -> None:
        self._reader = Reader(lens, state)
        self.events: list[bytes] = []
        self.unreadable = 0

    @property
    def dialect(self) -> str | None:
        """The dialect that understood a line."""
        return self._reader.name

    @property
    def total(self) -> int | None:
        """Steps of the whole run, as a line told them."""
        return self._reader.total

    def state(self) -> list[Any]:
        """Where the reading stands, as JSON can hold it."""
        return self._reader.state()

    def read(self, block: bytes, at: int) -> Iterator[Batch]:
        """The rows of a block of lines whose first byte is at `at`."""
        self._reader.restart()
        found = batch([(row, at + end) for row, end in self._reader.feed(block)])
        if found is not None:
            yield found
