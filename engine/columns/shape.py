"""Rows of one make decoded at C speed: a msgspec struct of the keys met so far, a block of lines at a time.

It reads only what means the same as `engine.events` line by line, and refuses anything else whole (`Misfit`): an
unknown key, a number out of range, a torn line, two objects on a line. Who gets a refusal reads slowly and lets the
shape learn from it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from operator import itemgetter
from typing import Any

import msgspec
import numpy as np

from engine.columns.batch import Batch, series
from engine.columns.series import Column, Ints
from engine.events.base import number, whole
from engine.events.wire import ALIASES, KEY_CAP, METRICS_CAP

_WHOLE = ("step", "rank")
_FIXED = (*_WHOLE, "t", "epoch", "phase")
_EXACT = float(2**53)
"""Whole numbers from here on have no exact float."""

CHANGES = 256
"""How often a shape is built anew before the run is taken to have none."""


class Misfit(Exception):
    """This block must be read line by line."""


@dataclass(frozen=True)
class _Told:
    """One field of a block: its values, and which rows have one (None: all)."""

    values: Column
    present: Column | None


class Shape:
    """The keys of a trainer's rows, each either plain (numbers and null alone) or loose."""

    def __init__(self) -> None:
        self._loose: dict[str, bool] = {}
        self._changes = 0
        self._read: Callable[[bytes], list[Any]] | None = None
        self._names: list[str] = []
        self._plain = 0

    def learn(self, found: Mapping[str, Any]) -> None:
        """Take in the keys of one parsed row."""
        for key, value in found.items():
            loose = not _is_plain(key, value)
            if key in self._loose:
                changed = loose and not self._loose[key]
            else:
                changed = len(self._loose) <= METRICS_CAP + len(_FIXED)
            if changed:
                self._loose[key] = loose
                self._read = None
                self._names = []

    def batch(self, lines: bytes, ends: Ints) -> tuple[Batch | None, int]:
        """The rows of a block of whole lines that each end at `ends`, and how many lines hold no row."""
        objects = self._decoded(lines)
        if len(objects) != len(ends):
            raise Misfit
        told = self._columns(objects)
        return _batch(told, ends)

    def _decoded(self, lines: bytes) -> list[Any]:
        if self._read is None:
            self._build()
        assert self._read is not None
        try:
            return self._read(lines)
        except (ValueError, RecursionError):
            worded = _worded(lines)
            if worded == lines:
                raise Misfit from None
        try:
            return self._read(worded)
        except (ValueError, RecursionError):
            raise Misfit from None

    def _build(self) -> None:
        metrics = [key for key in self._loose if key not in _FIXED]
        names = {ALIASES.get(key, key) for key in metrics}
        usable = len(names) == len(metrics) <= METRICS_CAP and "e" not in names
        if not usable or not self._loose or self._changes >= CHANGES:
            raise Misfit
        self._changes += 1
        self._names = sorted(self._loose, key=lambda key: self._loose[key])
        self._plain = sum(not loose for loose in self._loose.values())
        fields = [(f"f{at}", self._type(key), None) for at, key in enumerate(self._names)]
        rename = {f"f{at}": key for at, key in enumerate(self._names)}
        struct = msgspec.defstruct(
            "Line", fields, rename=rename, forbid_unknown_fields=True, gc=False
        )
        self._read = msgspec.json.Decoder(struct).decode_lines

    def _type(self, key: str) -> Any:
        if self._loose[key]:
            return Any
        return int | None if key in _WHOLE else float | None

    def _columns(self, objects: list[Any]) -> dict[str, _Told]:
        rows: Iterable[tuple[Any, ...]] = map(msgspec.structs.astuple, objects)
        plain, names = self._plain, self._names
        told: dict[str, _Told] = {}
        if plain < len(names):
            rows = list(rows)
            for at in range(plain, len(names)):
                told[names[at]] = _loosely(names[at], list(map(itemgetter(at), rows)))
            rows = map(itemgetter(slice(plain)), rows)
        flat = chain.from_iterable(rows)
        matrix = np.fromiter(flat, np.float64, len(objects) * plain)
        for at in range(plain):
            told[names[at]] = _plainly(names[at], matrix[at::plain])
        return told


def _is_plain(key: str, value: object) -> bool:
    """A number that the struct reads like `engine.events` does. Such JSON never holds a NaN, so NaN can mean absent."""
    if value is None or key == "phase":
        return key != "phase"
    if type(value) is int:
        return key not in _WHOLE or abs(value) < _EXACT
    return type(value) is float and math.isfinite(value) and key not in _WHOLE


def _worded(lines: bytes) -> bytes:
    """Bare NaN and Infinity as words. Inside a text the new quotes end it, so that the line no longer parses."""
    for token in (b"NaN", b"Infinity", b"-Infinity"):
        if token in lines:
            for before in (b":", b": "):
                lines = lines.replace(before + token, before + b'"' + token + b'"')
    return lines


def _plainly(key: str, values: Column) -> _Told:
    absent = np.isnan(values)
    present = ~absent if absent.any() else None
    if key not in _WHOLE:
        return _Told(values, present)
    if present is not None:
        values = np.where(present, values, 0.0)
    if len(values) and np.abs(values).max() >= _EXACT:
        raise Misfit
    return _Told(values.astype(np.int64), present)


def _loosely(key: str, raw: Sequence[object]) -> _Told:
    if key == "phase":
        texts = [one if isinstance(one, str) else None for one in raw]
        return _Told(np.array(texts, object), np.array([one is not None for one in texts]))
    read = whole if key in _WHOLE else number
    found = [read(one) for one in raw]
    present = np.array([one is not None for one in found])
    values = [0 if one is None else one for one in found]
    return _Told(np.array(values, np.int64 if key in _WHOLE else np.float64), present)


def _batch(told: Mapping[str, _Told], ends: Ints) -> tuple[Batch | None, int]:
    """What the fields of a block tell: lines with neither step nor number are no rows, other ranks are left out."""
    metrics = {
        ALIASES.get(key, key): one
        for key, one in told.items()
        if key not in _FIXED and len(key) <= KEY_CAP
    }
    kept = _rows(told.get("step"), metrics.values(), len(ends))
    unreadable = 0 if kept is None else int(len(ends) - np.count_nonzero(kept))
    rank = told.get("rank")
    if rank is not None and rank.values.any():
        others = (rank.values != 0) if rank.present is None else (rank.values != 0) & rank.present
        kept = ~others if kept is None else kept & ~others
    if kept is not None:
        if not kept.any():
            return None, unreadable
        ends = ends[kept]
        told = {key: _kept(one, kept) for key, one in told.items()}
        metrics = {name: _kept(one, kept) for name, one in metrics.items()}
    return _assembled(told, metrics, ends), unreadable


def _rows(step: _Told | None, metrics: Iterable[_Told], length: int) -> Column | None:
    """Which lines are rows; None: all."""
    found = np.zeros(length, np.bool_)
    for one in (*(() if step is None else (step,)), *metrics):
        if one.present is None:
            return None
        found |= one.present
    return found


def _kept(one: _Told, kept: Column) -> _Told:
    return _Told(one.values[kept], None if one.present is None else one.present[kept])


def _assembled(told: Mapping[str, _Told], metrics: Mapping[str, _Told], ends: Ints) -> Batch:
    absent = _Told(np.empty(len(ends)), np.zeros(len(ends), np.bool_))
    fixed = {key: told.get(key, absent) for key in ("step", "t", "epoch", "phase")}
    named = series(fixed["phase"].values, fixed["phase"].present)
    values = (series(one.values, one.present) for one in metrics.values())
    return Batch(
        ends,
        series(fixed["step"].values, fixed["step"].present),
        series(fixed["t"].values, fixed["t"].present),
        series(fixed["epoch"].values, fixed["epoch"].present),
        list(zip(named.of(np.arange(len(ends))).tolist(), named.values.tolist(), strict=True)),
        {name: found for name, found in zip(metrics, values, strict=True) if len(found)},
    )
