"""Two values that hold the same, NaN for NaN and in whatever order a mapping was filled."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np

from engine.columns import Series, Table
from engine.events import Lines, Row, Segment, decode
from engine.scalars import Tally


def plain(value: object) -> str:
    """A text that is equal for equal values."""
    if isinstance(value, Mapping):
        return ", ".join(f"{key!r}: {plain(value[key])}" for key in sorted(value)).join("{}")
    if isinstance(value, np.ndarray):
        return repr(value.tolist())
    if isinstance(value, (Series, Table, Tally)):
        # Columns know no row as it was told, and nobody asks them how a run began.
        return plain({k: v for k, v in vars(value).items() if k not in ("first", "cut")})
    if isinstance(value, tuple) and hasattr(value, "_asdict"):
        return plain(value._asdict())
    if isinstance(value, Iterable) and not isinstance(value, (str, bytes)):
        return ", ".join(plain(one) for one in value).join("[]")
    return repr(value)


def folded(data: bytes) -> tuple[list[tuple[Row, int]], Tally, int]:
    """What `engine.events` and `engine.scalars` make of a trainer's segment, row by row."""
    lines, tally, rows, unreadable = Lines(), Tally(), [], 0
    for line, end in lines.feed(data):
        fact = decode(line, Segment.TRAINER)
        if fact is None:
            unreadable += bool(line.strip())
        elif isinstance(fact, Row):
            tally.take(fact, end)
            if not fact.rank:
                rows.append((fact, end))
    return rows, tally, unreadable + lines.oversized
