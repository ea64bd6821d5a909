"""Lines of a trainer's segment to batches of rows, as fast as the lines allow.

A block that fits the shape is decoded at once; one that does not is halved, and what is small is read line by line
with `engine.events`, whose meaning is the only one there is.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import compress

import numpy as np

from engine.columns.batch import Batch, batch
from engine.columns.series import Ints
from engine.columns.shape import Misfit, Shape
from engine.events import LINE_CAP, Event, Lines, Row, Segment, decode
from engine.events.wire import interpret, parse

BLOCK = 1 << 20
"""Bytes decoded at once: large enough for the speed, small enough for the memory."""
SMALL = 16 << 10
"""Bytes below which halving no longer pays."""
FEW = 2 << 10
"""Bytes below which a block is not worth its setup."""

_EVENT = b'{"e":"'
_OPEN, _CLOSE, _END, _E = b"{}\ne"


class TrainerRows:
    """Reads blocks of whole lines. Keeps the lines that hold events, which are few, as they are."""

    def __init__(self, unreadable: int = 0, events: Sequence[bytes] = ()) -> None:
        self.unreadable = unreadable
        self.events = list(events)
        self._shape = Shape()

    def read(self, block: bytes, at: int) -> Iterator[Batch]:
        """The rows of a block of lines whose first byte is at `at`."""
        try:
            if not FEW < len(block) <= 2 * BLOCK:
                raise Misfit
            found = self._fast(block, at)
        except Misfit:
            halves = _halves(block, at) if len(block) > SMALL else ()
            if halves:
                for half, begin in halves:
                    yield from self.read(half, begin)
                return
            found = self._slow(block, at)
        if found is not None:
            yield found

    def _fast(self, block: bytes, at: int) -> Batch | None:
        data = np.frombuffer(block, np.uint8)
        ends = np.flatnonzero(data == _END) + 1
        starts = np.concatenate(([0], ends[:-1]))
        # A line break between } and { is outside of any JSON value: no object spans two lines.
        if not ((data[starts] == _OPEN).all() and (data[ends - 2] == _CLOSE).all()):
            raise Misfit
        if (ends - starts).max() > LINE_CAP + 1:
            raise Misfit
        events: list[bytes] = []
        told = [
            block.startswith(_EVENT, start) for start in starts[data[starts + 2] == _E].tolist()
        ]
        if any(told):
            block, ends, events = _without_events(block, starts, ends)
        known = [decode(line, Segment.TRAINER) for line in events]
        if any(isinstance(one, Row) for one in known):
            raise Misfit
        found, unreadable = self._shape.batch(block, ends + at) if len(ends) else (None, 0)
        self.unreadable += unreadable + sum(one is None for one in known)
        self.events += [line for line, one in zip(events, known, strict=True) if one is not None]
        return found

    def _slow(self, block: bytes, at: int) -> Batch | None:
        lines = Lines(at)
        rows: list[tuple[Row, int]] = []
        for line, end in lines.feed(block):
            found = parse(line)
            fact = None if found is None else interpret(found, Segment.TRAINER)
            if found is None or fact is None:
                self.unreadable += bool(line.strip())
            elif isinstance(fact, Event):
                self.events.append(line)
            else:
                rows.append((fact, end))
                self._shape.learn(found)
        self.unreadable += lines.oversized
        return batch(rows)


def _halves(block: bytes, at: int) -> tuple[tuple[bytes, int], ...]:
    """The block cut at a line's end near its middle; nothing when it is one line."""
    cut = block.find(b"\n", len(block) // 2) + 1
    if cut in (0, len(block)):
        cut = block.rfind(b"\n", 0, len(block) // 2) + 1
    return ((block[:cut], at), (block[cut:], at + cut)) if cut else ()


def _without_events(block: bytes, starts: Ints, ends: Ints) -> tuple[bytes, Ints, list[bytes]]:
    """The lines that begin like an event, taken out of a block, and what is left with its ends."""
    spans = list(zip(starts.tolist(), ends.tolist(), strict=True))
    told = [block.startswith(_EVENT, start) for start, _ in spans]
    others = np.logical_not(told)
    events = [block[start : end - 1] for start, end in compress(spans, told)]
    return (
        b"".join(block[start:end] for start, end in compress(spans, others)),
        ends[others],
        events,
    )
