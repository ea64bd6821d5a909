"""W&B's offline run: a transaction log that `wandb sync` takes, a history record a row, numbers digit by digit."""

from __future__ import annotations

import hashlib
import json
import math
import struct
import time
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from engine import __version__
from engine.curves import Part, Whole
from engine.data.landing import landing
from engine.export.patterns import chunks, moments, patterns
from engine.export.wire import message, number, varint
from engine.imports.leveldb import BLOCK, FIRST, FULL, LAST, MIDDLE
from engine.imports.wandb import EXIT, HEADER, HISTORY, RUN

_HEAD = struct.Struct("<IHB")
VERSION = 21
"""The record that says which program wrote the log."""
_WORDS = {"nan": "NaN", "inf": "Infinity", "-inf": "-Infinity"}


class Log:
    """LevelDB's log, as records go in: pieces that end where a block of 32 KiB does, each with its checksum."""

    def __init__(self, write: Callable[[bytes], object]) -> None:
        self._write = write
        self._at = self._number = 0
        self._put(HEADER)

    def record(self, field: int, body: bytes) -> None:
        """One more record of this kind, numbered as W&B numbers them."""
        self._number += 1
        data = b"\x08" + varint(self._number) + message(field, body)
        begun = False
        while True:
            left = BLOCK - self._at % BLOCK
            if left < _HEAD.size:
                self._put(b"\0" * left)
                continue
            piece, data = data[: left - _HEAD.size], data[left - _HEAD.size :]
            kind = (LAST if begun else FULL) if not data else (MIDDLE if begun else FIRST)
            check = zlib.crc32(piece, zlib.crc32(bytes((kind,))))
            self._put(_HEAD.pack(check, len(piece), kind) + piece)
            begun = True
            if not data:
                return

    def _put(self, data: bytes) -> None:
        self._write(data)
        self._at += len(data)


def to_wandb(one: Whole, folder: Path, hide: Callable[[str], str]) -> tuple[int, Path]:
    """Rows written, and the folder of the offline run below this one."""
    begun = one.curves.begun or one.frame.now
    key = hashlib.sha256(one.run.id.encode()).hexdigest()[:8]
    stamp = time.strftime("%Y%m%d_%H%M%S", time.gmtime(begun))
    place = folder / f"offline-run-{stamp}-{key}"
    rows = 0
    with landing(place / f"run-{key}.wandb") as file:
        log = Log(file.write)
        log.record(VERSION, message(1, message(1, __version__.encode())))
        log.record(RUN, _run(one, key, begun, hide))
        last = begun
        for part in one.curves.parts:
            for body, t in _history(part, begun):
                log.record(HISTORY, body)
                rows, last = rows + 1, max(last, t)
        code = one.status.exit.code
        if one.status.exit_status is not None:
            # An exit status that nobody knows is no 0.
            log.record(
                EXIT, number(1, 255 if code is None else code) + number(2, round(last - begun))
            )
    return rows, place


def _run(one: Whole, key: str, begun: float, hide: Callable[[str], str]) -> bytes:
    config = b""
    for name, value in one.profile.items():
        text = hide(json.dumps(value))
        config += message(1, message(1, str(name).encode()) + message(16, text.encode()))
    host = (one.status.host or "").encode()
    profile = (one.status.profile or "run").encode()
    started = number(1, int(begun))
    return (
        message(1, key.encode()) + message(3, profile) + message(4, config)
        + message(8, one.run.id.encode()) + message(13, host) + message(17, started)
    )  # fmt: skip


def _history(part: Part, begun: float) -> Iterator[tuple[bytes, float]]:
    """The rows in their order, each with its time."""
    times = moments(part, begun)
    for begin, end in chunks(part.table):
        told = list(patterns(part.table, begin, end))
        place = np.concatenate([one.rows for one in told]) if told else np.empty(0, np.int64)
        rows = [
            (tuple(name.encode() for name in one.names), values)
            for one in told
            for values in one.values.tolist()
        ]
        for at in np.argsort(place, kind="stable").tolist():
            row = int(place[at])
            names, values = rows[at]
            t, step = float(times[row]), int(part.table.step[row])
            items = [_item(name, value) for name, value in zip(names, values, strict=True)]
            items += [_item(b"_step", step), _item(b"_timestamp", t), _item(b"_runtime", t - begun)]
            yield b"".join(items) + message(2, number(1, step)), t


def _item(name: bytes, value: float) -> bytes:
    text = repr(value) if math.isfinite(value) else _WORDS[str(value)]
    return message(1, message(2, name) + message(16, text.encode()))
