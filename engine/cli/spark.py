"""A row of values in a row of cells."""

from __future__ import annotations

from collections.abc import Sequence

LEVELS = " ▁▂▃▄▅▆▇█"


def spark(values: Sequence[float | None], low: float, high: float) -> str:
    """A value a cell; a gap is a space."""
    span = high - low or 1.0
    top = len(LEVELS) - 2
    return "".join(
        " " if value is None else LEVELS[1 + round(min(max((value - low) / span, 0), 1) * top)]
        for value in values
    )
