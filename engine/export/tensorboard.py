"""TensorBoard's event file: a record a row, with checksums, written as columns. Values are 32-bit, as in its own."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from engine.columns.series import Floats, Ints
from engine.curves import Part, Whole
from engine.data.landing import landing
from engine.export.patterns import Pattern, chunks, moments, patterns
from engine.export.wire import varint
from engine.imports import crc

Bytes = NDArray[np.uint8]
HEAD, FOOT = 12, 4
VERSION = b"brain.Event:2"


def to_tensorboard(one: Whole, folder: Path) -> tuple[int, Path]:
    """Rows written, and the file in this folder."""
    begun = one.curves.begun or one.frame.now
    path = folder / f"events.out.tfevents.{int(begun)}.{one.run.id}"
    rows = 0
    with landing(path) as file:
        file.write(_first(begun))
        for part in one.curves.parts:
            times = moments(part, begun)
            for begin, end in chunks(part.table):
                data, count = _block(part, times, begin, end)
                file.write(data)
                rows += count
    return rows, path


def _first(begun: float) -> bytes:
    """Every file begins with the version of its format."""
    body = b"\x09" + struct.pack("<d", begun) + b"\x1a" + bytes((len(VERSION),)) + VERSION
    whole = np.frombuffer(body, np.uint8).reshape(1, -1)
    return _length(len(body)) + body + _masked(whole).tobytes()


def _length(size: int) -> bytes:
    head = struct.pack("<Q", size)
    return head + struct.pack("<I", crc.masked(head))


def _block(part: Part, times: Floats, begin: int, end: int) -> tuple[bytes, int]:
    """Records of these rows, in their order."""
    sizes = np.zeros(end - begin, np.int64)
    laid: list[tuple[Ints, Bytes]] = []
    for one in patterns(part.table, begin, end):
        widths = _widths(part.table.step[one.rows])
        for width in np.unique(widths).tolist():
            chosen = np.flatnonzero(widths == width)
            rows = one.rows[chosen]
            records = _records(one, chosen, part.table.step[rows], times[rows])
            sizes[rows - begin] = records.shape[1]
            laid.append((rows - begin, records))
    places = np.concatenate(([0], np.cumsum(sizes)))
    out = np.empty(int(places[-1]), np.uint8)
    for rows, records in laid:
        out[places[rows][:, None] + np.arange(records.shape[1])] = records
    return out.tobytes(), int((sizes > 0).sum())


def _records(one: Pattern, chosen: Ints, steps: Ints, times: Floats) -> Bytes:
    """Whole records of one size, a row each."""
    step = _varints(steps)
    values = np.ascontiguousarray(one.values[chosen], "<f4")
    parts = [_const(b"\x09", len(chosen)), times.astype("<f8").view(np.uint8).reshape(-1, 8)]
    parts += [_const(b"\x10", len(chosen)), step]
    names = [name.encode() for name in one.names]
    told = [b"\x0a" + varint(len(name)) + name + b"\x15" for name in names]
    told = [b"\x0a" + varint(len(text) + 4) + text for text in told]
    size = sum(len(text) + 4 for text in told)
    parts.append(_const(b"\x2a" + varint(size), len(chosen)))
    for at, text in enumerate(told):
        parts.append(_const(text, len(chosen)))
        parts.append(np.ascontiguousarray(values[:, at]).view(np.uint8).reshape(-1, 4))
    body = np.concatenate(parts, axis=1)
    head = _const(_length(body.shape[1]), len(chosen))
    return np.concatenate((head, body, _masked(body).view(np.uint8).reshape(-1, 4)), axis=1)


def _const(text: bytes, count: int) -> Bytes:
    return np.broadcast_to(np.frombuffer(text, np.uint8), (count, len(text)))


def _widths(steps: Ints) -> Ints:
    """Bytes that each step takes."""
    rest, widths = steps.astype(np.uint64), np.ones(len(steps), np.int64)
    for _ in range(9):
        rest = rest >> np.uint64(7)
        widths += rest > 0
    return widths


def _varints(steps: Ints) -> Bytes:
    """All of them take the same number of bytes."""
    rest, width = steps.astype(np.uint64), int(_widths(steps[:1])[0])
    out = np.empty((len(steps), width), np.uint8)
    for at in range(width):
        out[:, at] = (rest & np.uint64(0x7F)).astype(np.uint8) | (0x80 if at < width - 1 else 0)
        rest = rest >> np.uint64(7)
    return out


def _masked(bodies: Bytes) -> NDArray[np.uint32]:
    """CRC-32C of each row, masked as TFRecord has it: a column of bytes at a time."""
    table = np.array(crc.table(), np.uint32)
    found = np.full(len(bodies), 0xFFFFFFFF, np.uint32)
    for column in np.ascontiguousarray(bodies.T):
        found = table[(found ^ column) & 0xFF] ^ (found >> np.uint32(8))
    found = ~found
    rotated = (found >> np.uint32(15)) | (found << np.uint32(17))
    return (rotated + np.uint32(0xA282EAD8)).astype("<u4")
