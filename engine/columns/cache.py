"""A reading kept beside the run, so that opening it again costs nothing. Anybody may delete it at any time.

One file a segment: a header that names the source it was made from, then the columns as they lie in memory, mapped
when it is loaded. It appears by one rename, so that a kill leaves the old one or the new one; two writers at once leave
one of the two. Whatever does not check out (another source, another version, a flipped bit) counts as absent, and a
folder that cannot be written to has no cache.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import mmap
import os
import struct
import time
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from engine import __version__, system
from engine.columns.columns import Saved
from engine.columns.series import Column, Series, Table

LAYOUT = 2
"""Version of this file's own layout. What the lines mean is versioned by the program that read them."""
ENDS = 4096
"""Bytes at either end of what was read by which the source is recognised."""
STALE_S = 600.0
"""Age from which an unfinished file counts as left behind by a kill."""

_PREFIX = struct.Struct("<8sII")
_MAGIC = b"columns\n"
_TYPES = {"f": np.dtype(np.float64), "i": np.dtype(np.int64)}


def load(cache: Path, source: int, asked: str | None) -> Saved | None:
    """The reading kept for an open source, if the source still begins with the same bytes. `asked`: how it was read."""
    try:
        with open(cache, "rb") as file:
            data = mmap.mmap(file.fileno(), 0, prot=mmap.PROT_READ)
        header, body = _parts(data)
        if header["key"] != _key(source, header["offset"], asked):
            return None
        return _restored(header, body)
    except (OSError, ValueError, KeyError, TypeError, struct.error):
        return None


def save(cache: Path, source: int, asked: str | None, saved: Saved) -> bool:
    """Keep a reading. False: it could not be kept, which costs nothing but time later."""
    hidden = cache.with_name(f"{cache.name}.{os.getpid()}.{time.monotonic_ns()}.tmp")
    try:
        key = _key(source, saved.offset, asked)
        cache.parent.mkdir(mode=0o700, exist_ok=True)
        _sweep(cache)
        fd = os.open(hidden, os.O_WRONLY | os.O_CREAT | os.O_EXCL | system.RAW, 0o600)
        with os.fdopen(fd, "wb") as file:
            for part in _written(key, saved):
                file.write(part)
        os.replace(hidden, cache)
    except OSError:
        with contextlib.suppress(OSError):
            os.unlink(hidden)
        return False
    return True


def _key(source: int, offset: int, asked: str | None) -> list[Any]:
    """What the source is: its inode, the ends of what was read of it, and how it was read."""
    status = os.fstat(source)
    if status.st_size < offset:
        raise ValueError("the source is shorter than what was read of it")
    size = min(ENDS, offset)
    ends = system.read_at(source, size, 0) + system.read_at(source, size, offset - size)
    return [LAYOUT, __version__, status.st_ino, hashlib.sha256(ends).hexdigest(), asked]


def _sweep(cache: Path) -> None:
    """Removes what killed writers left."""
    for left in cache.parent.glob(f"{cache.name}.*.tmp"):
        with contextlib.suppress(OSError):
            if time.time() - left.stat().st_mtime > STALE_S:
                left.unlink()


def _written(key: list[Any], saved: Saved) -> Iterator[bytes | memoryview]:
    named = _columns(saved.table)
    columns = [np.ascontiguousarray(column) for _, column in named]
    header = {
        "key": key,
        "offset": saved.offset,
        "events": [line.decode("latin-1") for line in saved.events],
        "reader": saved.reader,
        "stepped": saved.table.stepped,
        "phases": saved.table.phases,
        "unreadable": saved.table.unreadable,
        "columns": [[name, column.dtype.kind, len(column)] for name, column in named],
        "sum": sum(_sum(column) for column in columns) % 2**64,
    }
    text = json.dumps(header).encode()
    text += b" " * (-(len(text) + _PREFIX.size) % 64)
    yield _PREFIX.pack(_MAGIC, len(text), zlib.crc32(text)) + text
    for column in columns:
        yield column.data


def _parts(data: mmap.mmap) -> tuple[dict[str, Any], Column]:
    magic, length, check = _PREFIX.unpack_from(data)
    text = data[_PREFIX.size : _PREFIX.size + length]
    if magic != _MAGIC or zlib.crc32(text) != check:
        raise ValueError("not a header")
    header = json.loads(text)
    body = np.frombuffer(data, np.int64, offset=_PREFIX.size + length)
    if len(body) != sum(count for _, _, count in header["columns"]) or _sum(body) != header["sum"]:
        raise ValueError("not the body that was written")
    return header, body


def _sum(column: Column) -> int:
    """Changes with any changed bit; the fastest there is."""
    return int(column.view(np.uint64).sum(dtype=np.uint64))


def _columns(table: Table) -> list[tuple[str, Column]]:
    """Every array of a table by a name: `values:` and `rows:` of a series, the rows only where it has any."""
    named: list[tuple[str, Column]] = [("step", table.step), ("ends", table.ends)]
    series = {"t": table.t, "epoch": table.epoch}
    series.update((f"metric:{name}", found) for name, found in table.metrics.items())
    for name, found in series.items():
        named.append((f"values:{name}", found.values))
        if found.rows is not None:
            named.append((f"rows:{name}", found.rows))
    return named


def _restored(header: dict[str, Any], body: Column) -> Saved:
    named: dict[str, Column] = {}
    at = 0
    for name, kind, count in header["columns"]:
        named[name] = body[at : at + count].view(_TYPES[kind])
        at += count
    series = {
        name.removeprefix("values:"): Series(values, named.get(f"rows:{name[7:]}"))
        for name, values in named.items()
        if name.startswith("values:")
    }
    table = Table(
        named["step"],
        header["stepped"],
        named["ends"],
        series.pop("t"),
        series.pop("epoch"),
        tuple((row, name) for row, name in header["phases"]),
        {name.removeprefix("metric:"): found for name, found in series.items()},
        header["unreadable"],
    )
    events = tuple(line.encode("latin-1") for line in header["events"])
    return Saved(table, header["offset"], events, header["reader"])
