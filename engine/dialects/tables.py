"""Files that a script writes, to rows: CSV with any header, JSON lines, `trainer_state.json`.

Each takes a file's bytes as they come and forgets nothing between two pieces; a file that was rewritten is given to a
new one, and `Once` leaves out what an earlier reading has told.
"""

from __future__ import annotations

import csv
import json
from typing import Any, Iterable, Mapping

from engine.dialects import jsonlines
from engine.dialects.reading import EPOCHS, STEPS, canonical, value, whole
from engine.events.base import Row
from engine.events.lines import Lines
from engine.events.wire import KEY_CAP, METRICS_CAP

STATE_CAP = 64 << 20
"""Bytes of a `trainer_state.json` beyond which it is left alone."""
MOST_SEEN = 2_000_000
_SUMMARY = "train_runtime"


class Csv:
    """Rows of one CSV file. Columns may be filled by different rows, as Lightning's are; a new header replaces it."""

    def __init__(self) -> None:
        self._lines = Lines()
        self._names: list[str] | None = None
        self._comma = ","

    def feed(self, piece: bytes) -> list[Row]:
        found = []
        for line, _ in self._lines.feed(piece.replace(b"\r", b"\n")):
            text = line.decode("utf-8-sig", "replace")
            if self._names is None:
                self._comma = max(",;\t", key=text.count)
            try:
                cells = next(csv.reader([text], delimiter=self._comma), [])
            except csv.Error:
                continue
            row = self._row(cells)
            if row is not None:
                found.append(row)
        return found

    def _row(self, cells: list[str]) -> Row | None:
        if self._names is None or not any(value(cell) is not None for cell in cells):
            names = [cell.strip() for cell in cells]
            self._names = names if any(names) else self._names
            return None
        step = epoch = None
        values: dict[str, float] = {}
        for name, cell in zip(self._names, cells):
            number = value(cell.strip()) if cell.strip() else None
            low = name.lower()
            if number is None or not name or len(name) > KEY_CAP or len(values) >= METRICS_CAP:
                continue
            if low in STEPS:
                step = whole(cell) if step is None else step
            elif low in EPOCHS:
                epoch = number
            else:
                values.setdefault(canonical(name), number)
        return _placed(step, epoch, values)


class JsonLines:
    """Rows of a file of one JSON object a line."""

    def __init__(self) -> None:
        self._lines = Lines()

    def feed(self, piece: bytes) -> list[Row]:
        found = []
        for line, _ in self._lines.feed(piece):
            try:
                told = json.loads(line)
            except (ValueError, RecursionError):
                continue
            row = _object(told) if isinstance(told, dict) else None
            if row is not None:
                found.append(row)
        return found


def state(data: bytes) -> list[Row]:
    """The history in a `trainer_state.json`: every value unrounded, with its step."""
    try:
        history = json.loads(data)["log_history"]
    except (ValueError, RecursionError, KeyError, TypeError):
        return []
    if not isinstance(history, list):
        return []
    told = (one for one in history if isinstance(one, dict) and _SUMMARY not in one)
    return [row for row in map(_object, told) if row is not None]


def _object(told: Mapping[str, Any]) -> Row | None:
    reading = jsonlines.row(told)
    if reading is None or reading.rank:
        return None
    return _placed(reading.step, reading.epoch, reading.values)


def _placed(step: int | None, epoch: float | None, values: Mapping[str, float]) -> Row | None:
    """A file without a step counts its epochs."""
    if step is None and epoch is not None and abs(epoch) < 2**53:
        step = int(epoch)
    return Row(None, step, values, epoch) if values else None


class Once:
    """Lets each row through once, however often a file is written anew."""

    def __init__(self) -> None:
        self._seen: set[int] = set()

    def new(self, rows: Iterable[Row]) -> list[Row]:
        found = []
        for row in rows:
            key = hash((row.step, tuple(row.values.items())))
            if key not in self._seen and len(self._seen) < MOST_SEEN:
                self._seen.add(key)
                found.append(row)
        return found
