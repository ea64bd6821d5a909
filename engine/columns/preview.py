"""The whole run at a glance: a few lines of a trainer's segment, evenly spread over its bytes."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import numpy as np

from engine import system, vault
from engine.columns.columns import Columns
from engine.columns.series import EMPTY, Table
from engine.events import LINE_CAP

WHOLE = 1 << 20
"""Bytes of a segment that is read whole instead."""
NEAR = 2048
"""Bytes looked at first for a whole line."""


def preview(path: Path, points: int = 2000) -> Table:
    """At most `points` rows, the first and the last among them; marked as a preview unless they are all there are."""
    try:
        fd = vault.descriptor(path)
    except FileNotFoundError:
        return EMPTY
    try:
        size = os.fstat(fd).st_size
        if size <= WHOLE:
            columns = Columns()
            columns.feed(system.read_at(fd, size, 0))
            return columns.table()
        return _spread(fd, size, points)
    finally:
        os.close(fd)


def _spread(fd: int, size: int, points: int) -> Table:
    places = np.linspace(0, size - NEAR, max(points - 1, 2)).astype(np.int64).tolist()
    lines = dict([*(_after(fd, place) for place in places), _last(fd, size)])
    lines.pop(0, None)
    columns = Columns()
    columns.feed(b"".join(lines.values()))
    table = columns.table()
    joined = np.cumsum([len(line) for line in lines.values()])
    ends = np.array(list(lines), np.int64)[np.searchsorted(joined, table.ends)]
    return replace(table, ends=ends, unreadable=0, preview=True)


def _after(fd: int, place: int) -> tuple[int, bytes]:
    """The first whole line that begins at or behind a place, after its end's offset; 0 where lines are too long."""
    start = max(place - 1, 0)
    for length in (NEAR, 2 * LINE_CAP):
        data = system.read_at(fd, length, start)
        begin = data.find(b"\n") + 1 if place else 0
        end = data.find(b"\n", begin) + 1
        if end and (begin or not place):
            return start + end, data[begin:end]
    return 0, b""


def _last(fd: int, size: int) -> tuple[int, bytes]:
    """The last whole line, after its end's offset."""
    start = size - 2 * LINE_CAP
    data = system.read_at(fd, 2 * LINE_CAP, start)
    end = data.rfind(b"\n") + 1
    begin = data.rfind(b"\n", 0, max(end - 1, 0)) + 1
    return (start + end, data[begin:end]) if begin else (0, b"")
