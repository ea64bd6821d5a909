"""Patterns that somebody taught: regular expressions whose named groups are metrics.

They are the user's, so they look at short lines only; those that could run away are refused where they are taught.
"""

from __future__ import annotations

import re
from typing import Sequence

from engine.dialects.reading import EPOCHS, STEPS, TOTALS, Dialect, Reading, canonical, value, whole

REACH = 1000
"""Characters of a line that a taught pattern is tried on."""


def dialect(lines: Sequence[str]) -> Dialect:
    """One dialect of all patterns; the first that fits a line reads it."""
    patterns = [re.compile(line) for line in lines]

    def read(line: str) -> Reading | None:
        for pattern in patterns:
            found = pattern.search(line[:REACH])
            if found is not None:
                return _reading(found.groupdict())
        return None

    return Dialect("taught", "patterns of the profile's [log] line", read, (), bars=True)


def _reading(groups: dict[str, str | None]) -> Reading | None:
    step = epoch = total = epochs = None
    values: dict[str, float] = {}
    for name, text in groups.items():
        number = value(text) if text is not None else None
        if number is None or text is None:
            continue
        low = name.lower()
        if low in STEPS:
            step = whole(text)
        elif low in EPOCHS:
            epoch = number
        elif low in TOTALS or low == "total":
            total = whole(text)
        else:
            values[canonical(name)] = number
    if step is None and epoch is not None and total is not None:
        total, epochs = None, total
    if step is None and not values:
        return None
    return Reading(step, values, epoch, total, epochs)
