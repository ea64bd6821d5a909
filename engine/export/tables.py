"""A run's metrics as CSV or Parquet. A spreadsheet that opens them computes nothing that came from outside."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from engine.columns.series import NOTHING, Series
from engine.data.landing import landing
from engine.display import display
from engine.errors import Unusable
from engine.rows import steps
from engine.runs import Run

if TYPE_CHECKING:  # curves are read by those who have them already
    from engine.curves import Part, Whole

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


def to_parquet(one: Whole, path: Path) -> tuple[int, list[str]]:
    """The same table in columns; absent is null, and NaN is NaN."""
    try:
        import pyarrow
        from pyarrow import parquet
    except ImportError:
        raise Unusable(
            "Parquet is written by pyarrow, which is not installed",
            "pip install pyarrow; --to csv needs none",
        ) from None
    metrics = sorted(one.curves.metrics)
    schema = pyarrow.schema(
        [("attempt", pyarrow.int64()), ("step", pyarrow.int64()), ("t", pyarrow.float64()),
         ("epoch", pyarrow.float64()), ("phase", pyarrow.string()),
         *((name, pyarrow.float64()) for name in metrics)]
    )  # fmt: skip
    rows, whole = 0, io.BytesIO()
    with parquet.ParquetWriter(whole, schema) as writer:
        for part in one.curves.parts:
            columns = [pyarrow.array(column) for column in _columns(part, metrics)]
            writer.write_table(pyarrow.table(columns, schema=schema))
            rows += len(part.table)
    with landing(path) as file:
        file.write(whole.getvalue())
    return rows, schema.names


def _columns(part: Part, metrics: list[str]) -> Iterator[Any]:
    import numpy as np

    table = part.table
    yield np.full(len(table), part.attempt, np.int64)
    yield table.step
    yield np.ma.masked_invalid(part.times)
    yield _told(table.epoch, len(table))
    names: list[str | None] = [None] * len(table)
    marks = [*table.phases, (len(table), "")]
    for (row, name), (end, _) in pairwise(marks):
        names[row:end] = [display(name, 128)] * (end - row)
    yield names
    for name in metrics:
        yield _told(table.metrics.get(name, NOTHING), len(table))


def _told(series: Series, length: int) -> Any:
    import numpy as np

    values = np.ma.MaskedArray(np.zeros(length), mask=True)
    rows = slice(None) if series.rows is None and len(series) else series.rows
    if len(series):
        values[rows] = series.values
    return values
