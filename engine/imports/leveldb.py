"""LevelDB's log format as W&B writes it: blocks of 32 KiB, records in one piece or several, each with its checksum.

A record that is damaged costs the rest of its block; reading goes on at the next one, as the format means it.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from typing import BinaryIO

BLOCK = 32 * 1024
_HEAD = struct.Struct("<IHB")
FULL, FIRST, MIDDLE, LAST = 1, 2, 3, 4
_SEEDS = {kind: zlib.crc32(bytes((kind,))) for kind in (FULL, FIRST, MIDDLE, LAST)}
MOST = 256 << 20
"""Bytes of one record."""


class Log:
    """Records behind a header of `skip` bytes, which counts for the first block. `lost` is what was passed over."""

    def __init__(self, file: BinaryIO, skip: int) -> None:
        self._file, self._skip = file, skip
        self.lost = 0
        self.torn = 0
        """Bytes of a record that was begun and never finished, as in a file that is still written."""

    def records(self) -> Iterator[bytes]:
        """Whole records, in order."""
        parts: list[bytes] = []
        at = self._skip
        while block := self._file.read(BLOCK):
            while at + _HEAD.size <= len(block):
                crc, size, kind = _HEAD.unpack_from(block, at)
                end = at + _HEAD.size + size
                if kind == 0 and crc == 0 and size == 0:
                    break  # the padding behind a block's last record
                body = block[at + _HEAD.size : end]
                if end > len(block) and len(block) < BLOCK:
                    self.torn += len(block) - at
                    break
                if kind not in _SEEDS or end > len(block) or zlib.crc32(body, _SEEDS[kind]) != crc:
                    self.lost += len(block) - at
                    parts.clear()
                    break
                at = end
                if kind == FULL:
                    yield body
                    continue
                yield from self._joined(kind, body, parts)
            at = 0
        self.torn += sum(map(len, parts))

    def _joined(self, kind: int, body: bytes, parts: list[bytes]) -> Iterator[bytes]:
        """A piece of a longer record; the record with its last piece."""
        if kind == FIRST:
            self.lost += sum(map(len, parts))
            parts[:] = [body]
        elif not parts or sum(map(len, parts)) > MOST:
            self.lost += len(body)
        else:
            parts.append(body)
            if kind == LAST:
                yield b"".join(parts)
                parts.clear()
