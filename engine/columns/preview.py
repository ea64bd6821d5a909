"""The whole run at a glance: a few lines of a trainer's segment, evenly spread over its bytes."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import numpy as np

from engine.columns.batch import batch
from engine.columns.columns import Columns
from engine.columns.series import EMPTY, Table
from engine.columns.store import Store
from engine.events import LINE_CAP, Row, Segment, decode

WHOLE = 1 << 20
"""Bytes of a segment that is read whole instead."""
NEAR = 2048
"""Bytes looked at first for a whole line."""


def preview(path: Path, points: int = 2000) -> Table:
    """At most `points` rows, the first and the last among them; marked as a preview unless they are all there are."""
    try:
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return EMPTY
    try:
        size = os.fstat(fd).st_size
        if size <= WHOLE:
            columns = Columns()
            columns.feed(os.pread(fd, size, 0))
            return columns.table()
        return _spread(fd, size, points)
    finally:
        os.close(fd)


def _spread(fd: int, size: int, points: int) -> Table:
    found: dict[int, Row] = {}
    places = np.linspace(0, size - NEAR, max(points - 1, 2)).astype(np.int64).tolist()
    for place in places:
        _take(found, *_after(fd, place))
    _take(found, *_last(fd, size))
    store = Store()
    rows = batch([(found[end], end) for end in sorted(found)])
    if rows is not None:
        store.extend(rows)
    return replace(store.table(0), preview=True)


def _take(found: dict[int, Row], line: bytes, end: int) -> None:
    fact = decode(line, Segment.TRAINER) if line else None
    if isinstance(fact, Row):
        found[end] = fact


def _after(fd: int, place: int) -> tuple[bytes, int]:
    """The first whole line that begins at or behind a place, and where it ends; nothing where lines are too long."""
    start = max(place - 1, 0)
    for length in (NEAR, 2 * LINE_CAP):
        data = os.pread(fd, length, start)
        begin = 0 if place == 0 else data.find(b"\n") + 1
        end = data.find(b"\n", begin)
        if end >= 0 and (begin or place == 0):
            return data[begin:end], start + end + 1
    return b"", 0


def _last(fd: int, size: int) -> tuple[bytes, int]:
    """The last whole line."""
    start = size - 2 * LINE_CAP
    data = os.pread(fd, 2 * LINE_CAP, start)
    end = data.rfind(b"\n")
    begin = data.rfind(b"\n", 0, max(end, 0)) + 1
    return (data[begin:end], start + end + 1) if begin else (b"", 0)
