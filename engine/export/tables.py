"""A run's metrics as CSV. A spreadsheet that opens it computes nothing that came from outside."""

from __future__ import annotations

import csv
import math
from typing import TextIO

from engine.display import display
from engine.rows import steps
from engine.runs import Run

FIXED = ("attempt", "step", "t", "epoch", "phase")


def to_csv(run: Run, file: TextIO) -> tuple[int, list[str]]:
    """A line a step, a column a metric; the number of lines and the columns. Absent is empty."""
    metrics = sorted({name for step in steps(run) for name in step.values})
    columns = [*FIXED, *(_inert(name) for name in metrics)]
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(columns)
    written = 0
    for step in steps(run):
        phase = None if step.phase is None else _inert(step.phase)
        fixed = [step.attempt, step.step, _number(step.t), _number(step.epoch), phase]
        writer.writerow([*fixed, *(_number(step.values.get(name)) for name in metrics)])
        written += 1
    return written, columns


def _number(value: float | None) -> str | None:
    """As the journal writes it: nan, inf and -inf are words."""
    if value is None:
        return None
    return repr(value) if math.isfinite(value) else ("nan" if math.isnan(value) else str(value))


def _inert(text: str) -> str:
    """Text that a spreadsheet would take for a formula is marked as text."""
    shown = display(text, 128)
    return "'" + shown if shown[:1] in ("=", "+", "-", "@") else shown
