"""Files of rows: CSV with any header, JSON lines, and the log history in transformers' `trainer_state.json`."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from engine.dialects.reading import EPOCHS, STEPS
from engine.imports.told import Found, Names, line, loads, plain_numbers

TIMES = ("t", "time", "timestamp", "_timestamp", "wall_time", "date")
STEP_NAMES = (*STEPS, "_step", "train/global_step", "trainer/global_step", "current_steps")
MOST_LINE = 1 << 20
MOST_STATE = 512 << 20
MEANS = "train_runtime"
"""A row with it is transformers' summary of the whole run: means, and no step."""


def of_csv(path: Path, found: Found) -> Iterator[bytes]:
    """A row that repeats the header, or brings a longer one, is a header and no row."""
    with open(path, newline="", encoding="utf-8-sig", errors="replace") as file:
        sample = file.read(8192)
        file.seek(0)
        rows = csv.reader((text for text in file if len(text) < MOST_LINE), delimiter=_mark(sample))
        yield from _lines(_records(rows, found), found)


def _records(rows: Iterator[list[str]], found: Found) -> Iterator[dict[str, Any]]:
    header: list[str] = []
    while True:
        try:
            row = next(rows, None)
        except csv.Error as error:
            found.unread.append(f"a line that is no CSV: {error}")
            continue
        if row is None:
            return
        if not header or _heads(row, header):
            header = [name.strip() for name in row]
            continue
        yield {name: _number(text) for name, text in zip(header, row, strict=False) if text.strip()}


def _heads(row: list[str], header: list[str]) -> bool:
    same = sum(one.strip() in header for one in row)
    return (
        bool(row)
        and same >= min(len(header), 2)
        and not any(_number(text) is not None for text in row)
    )


def _mark(sample: str) -> str:
    first = sample.partition("\n")[0]
    return max(",\t;|", key=first.count)


def _number(text: str) -> float | int | None:
    text = text.strip()
    try:
        return int(text)
    except ValueError:
        pass
    try:
        return float(text)
    except ValueError:
        return None


def of_jsonl(path: Path, found: Found) -> Iterator[bytes]:
    with open(path, "rb") as file:
        yield from _lines(_objects(file, found), found)


def _objects(file: Iterable[bytes], found: Found) -> Iterator[dict[str, Any]]:
    bad = 0
    for text in file:
        told = loads(text) if len(text) < MOST_LINE else None
        if isinstance(told, dict):
            yield told
        else:
            bad += bool(text.strip())
    if bad:
        found.unread.append(f"{bad:,} lines that are no JSON object")


def of_state(path: Path, found: Found) -> Iterator[bytes]:
    """`trainer_state.json`: full precision with steps, up to the save that wrote it."""
    state = loads(path.read_bytes()[:MOST_STATE])
    if not isinstance(state, dict) or not isinstance(state.get("log_history"), list):
        found.unread.append("it holds no log_history")
        return
    total, at = state.get("max_steps"), state.get("global_step")
    found.total = total if isinstance(total, int) and total > 0 else None
    found.facts.update({"global_step": at, "best_metric": state.get("best_metric")})
    history = [row for row in state["log_history"] if isinstance(row, dict) and MEANS not in row]
    yield from _lines(history, found)


def _lines(rows: Iterable[Mapping[str, Any]], found: Found) -> Iterator[bytes]:
    names, block, count = Names(), [], 0
    for row in rows:
        numbers = plain_numbers(row.items())
        low = {name.lower(): value for name, value in numbers.items()}
        step = next((low[name] for name in STEP_NAMES if name in low), None)
        epoch = next((low[name] for name in EPOCHS if name in low), None)
        t = next((low[name] for name in TIMES if name in low and low[name] > 1e8), None)
        hidden = {*STEP_NAMES, *EPOCHS, *TIMES}
        values = {names.of(k): v for k, v in numbers.items() if k.lower() not in hidden}
        if not values:
            continue
        count += 1
        if step is None and epoch is not None and epoch == int(epoch):
            step = epoch  # rows of whole epochs count these
        if epoch is not None:
            values["epoch"] = epoch
        whole = int(step) if step is not None and abs(step) < 2**53 else count
        found.rows += 1
        found.at(t)
        block.append(line(whole, t, values))
        if len(block) >= 512:
            yield b"".join(block)
            block.clear()
    yield b"".join(block)


def is_state(path: Path) -> bool:
    try:
        with open(path, "rb") as file:
            return b'"log_history"' in file.read(MOST_STATE)
    except OSError:
        return False


def first_object(path: Path) -> dict[str, Any] | None:
    """The first line, where it is a JSON object."""
    try:
        with open(path, "rb") as file:
            told = json.loads(file.readline(MOST_LINE))
    except (OSError, ValueError, RecursionError):
        return None
    return told if isinstance(told, dict) else None
