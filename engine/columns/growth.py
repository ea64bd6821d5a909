"""The runner's time index: when a segment's bytes were there, for rows that tell no time themselves."""

from __future__ import annotations

import numpy as np

from engine.columns.series import Column, Floats, Ints, Table
from engine.columns.store import Growing
from engine.events import Lines, Segment, decode
from engine.events.runner import Grew


class Growth:
    """All `grew` of a runner's segment, fed in any pieces."""

    def __init__(self) -> None:
        self._lines = Lines()
        self._t = Growing(np.empty(0))
        self._console = Growing(np.empty(0, np.int64))
        self._trainer = Growing(np.empty(0, np.int64))

    def feed(self, piece: bytes) -> None:
        """Take more bytes of `runner.jsonl`."""
        found = []
        for line, _ in self._lines.feed(piece):
            fact = decode(line, Segment.RUNNER) if b"grew" in line else None
            if isinstance(fact, Grew):
                found.append(fact)
        self._t.extend(np.array([one.t for one in found], np.float64))
        self._console.extend(np.array([one.console for one in found], np.int64))
        self._trainer.extend(np.array([one.trainer for one in found], np.int64))

    def when(self, segment: str, ends: Ints) -> Floats:
        """When the byte before each offset was first seen; NaN where it never was."""
        sizes = (self._console if segment == "console" else self._trainer).view()
        at = np.searchsorted(np.maximum.accumulate(sizes), ends, "left")
        return np.append(self._t.view(), np.nan)[at]

    def times(self, segment: str, table: Table) -> Column:
        """A time for each row: its own, else the index's."""
        if table.t.rows is None:
            return table.t.values
        times = self.when(segment, table.ends)
        times[table.t.rows] = table.t.values
        return times
