"""What a number of rows becomes: sequences, steps, loss points, checkpoints, minutes, money. Pure arithmetic.

What is not known stays None: nobody's speed or price is guessed.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

BYTES_PER_TOKEN = 4.0
"""Of English text under a common vocabulary: an estimate, and told as one."""
FEW_POINTS = 20


@dataclass(frozen=True)
class Pace:
    """What of a training decides how long rows take."""

    batch: int = 16
    """Sequences of an optimizer step, over all devices."""
    epochs: float = 1.0
    max_length: int = 1024
    packing: bool = True
    log_every: int = 1
    save_every: int | None = None
    step_s: float | None = None
    price_hour: float | None = None


@dataclass(frozen=True)
class Outlook:
    rows: int
    sequences: int
    steps: int
    points: int
    checkpoints: int
    """The one at the end is among them."""
    seconds: float | None
    dollars: float | None

    @property
    def blind(self) -> bool:
        """Too few points to see whether anything is learned."""
        return self.points < FEW_POINTS


def outlook(rows: int, row_bytes: float, pace: Pace) -> Outlook:
    """Of rows of so many bytes on average."""
    tokens = min(max(row_bytes / BYTES_PER_TOKEN, 1.0), float(pace.max_length))
    sequences = math.ceil(rows * tokens / pace.max_length) if pace.packing else rows
    steps = math.ceil(math.ceil(sequences / pace.batch) * pace.epochs)
    saves = steps // pace.save_every if pace.save_every else 0
    last = bool(steps) and not (pace.save_every and steps % pace.save_every == 0)
    seconds = None if pace.step_s is None else steps * pace.step_s
    dollars = None
    if seconds is not None and pace.price_hour is not None:
        dollars = seconds / 3600 * pace.price_hour
    return Outlook(rows, sequences, steps, steps // pace.log_every, saves + last, seconds, dollars)


def together(parts: list[Outlook]) -> Outlook:
    """Phases one after the other."""
    seconds = [one.seconds for one in parts if one.seconds is not None]
    dollars = [one.dollars for one in parts if one.dollars is not None]
    return Outlook(
        sum(one.rows for one in parts), sum(one.sequences for one in parts),
        sum(one.steps for one in parts), sum(one.points for one in parts),
        sum(one.checkpoints for one in parts),
        sum(seconds) if len(seconds) == len(parts) else None,
        sum(dollars) if len(dollars) == len(parts) else None,
    )  # fmt: skip
