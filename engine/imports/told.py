"""What a reader of a foreign file gives: lines of metrics in our own words, and what it learned besides."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec

from engine.dialects.reading import METRICS

RESERVED = frozenset(("e", "t", "step", "epoch", "phase", "rank"))
MOST_IN_LINE = 200
"""Metrics of one line; a row with more takes several lines of the same step."""
LONGEST_NAME = 128
_PREFIXES = ("train/", "train_", "training/", "trainer/")
_EVALS = ("eval/", "val/", "valid/", "validation/", "test/", "eval_", "val_")
_ENCODE = msgspec.json.Encoder().encode


@dataclass
class Found:
    """Filled while a file is read. None is unknown; `code` is the exit status where the file tells one."""

    name: str | None = None
    started: float | None = None
    ended: float | None = None
    total: int | None = None
    code: int | None = None
    facts: dict[str, Any] = field(default_factory=dict)
    rows: int = 0
    typed: dict[str, str] = field(default_factory=dict)
    """What a person wrote down, by key; no number of it was measured here."""
    unread: list[str] = field(default_factory=list)
    """What could not be read, in words."""

    def at(self, t: float | None) -> None:
        """Something happened then."""
        if t is not None and math.isfinite(t):
            self.started = t if self.started is None else min(self.started, t)
            self.ended = t if self.ended is None else max(self.ended, t)


class Names:
    """Foreign names of metrics to ours; the first name that means something of ours has it, others keep theirs."""

    def __init__(self) -> None:
        self._known: dict[str, str] = {}
        self._taken: set[str] = set()

    def of(self, name: str) -> str:
        """Our name for it."""
        known = self._known.get(name)
        if known is None:
            known = _canonical(name)
            if known in self._taken:
                known = name
            self._taken.add(known)
            if known in RESERVED - {"epoch"}:
                known = f"metric/{known}"
            self._known[name] = known = known[:LONGEST_NAME]
        return known


def _canonical(name: str) -> str:
    low = name.lower()
    if low in METRICS:
        return METRICS[low]
    for prefix in _PREFIXES:
        rest = low[len(prefix) :]
        if low.startswith(prefix) and rest in (*METRICS, "epoch"):
            return METRICS.get(rest, rest)
    for prefix in _EVALS:
        rest = low[len(prefix) :]
        if low.startswith(prefix) and rest in METRICS:
            return f"eval_{METRICS[rest]}".replace("eval_eval_", "eval_")
    return name


def line(step: int | None, t: float | None, values: Mapping[str, float]) -> bytes:
    """One row as lines of `trainer.jsonl`."""
    if len(values) > MOST_IN_LINE:
        items = list(values.items())
        parts = (items[at : at + MOST_IN_LINE] for at in range(0, len(items), MOST_IN_LINE))
        return b"".join(line(step, t, dict(part)) for part in parts)
    row: dict[str, Any] = {} if step is None else {"step": step}
    if t is not None:
        row["t"] = t
    row.update(values)
    return encoded(row)


def encoded(row: Mapping[str, Any]) -> bytes:
    """JSON has no NaN; it is written as a word."""
    return _ENCODE({key: worded(value) for key, value in row.items()}) + b"\n"


def worded(value: Any) -> Any:
    """A number as JSON can hold it."""
    if isinstance(value, float) and not math.isfinite(value):
        return "nan" if value != value else "inf" if value > 0 else "-inf"
    return value


def plain_numbers(values: Iterable[tuple[str, Any]]) -> dict[str, float]:
    """Those that are numbers, words for non-finite ones included; booleans and texts are none."""
    found: dict[str, float] = {}
    for name, value in values:
        if isinstance(value, str) and value.lower() in (
            "nan",
            "inf",
            "-inf",
            "infinity",
            "-infinity",
        ):
            value = float(value)
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            try:
                found[name] = float(value)
            except OverflowError:
                found[name] = math.inf if value > 0 else -math.inf
    return found


def loads(text: str | bytes) -> Any:
    """JSON of other people, NaN and all; None where it is none."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None
