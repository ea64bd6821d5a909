"""The language between a keeper and a machine: frames on one stream of bytes, compressed as one stream each way.

A frame is four bytes of length and that much deflate, flushed, so that what was sent can be read at once and a short
message that looks like the one before costs a few bytes. Nothing that is larger than `MOST` is believed.
"""

from __future__ import annotations

import json
import struct
import zlib
from dataclasses import dataclass
from typing import Any, Iterator, Mapping, Union

MAGIC = b"\x00cockpit-far-1\n"
"""What a login shell prints before it is no word of ours."""
MOST = 1 << 20
PIECE = 64 * 1024
"""Bytes of a segment in one frame: a metric never waits behind more console than this."""
SEGMENTS = ("runner", "trainer", "files", "console")
FILES = ("runner.jsonl", "trainer.jsonl", "files.jsonl", "console.log")
_TAIL = b"\x00\x00\xff\xff"
"""Ends every flush of deflate; it need not travel."""
_LENGTH = struct.Struct(">I")
_HEAD = struct.Struct(">IBQ")


class Garbled(Exception):
    """The other end does not speak this language, or not any more."""


@dataclass(frozen=True)
class Told:
    """A message: a request, its answer, or a beat."""

    body: Mapping[str, Any]


@dataclass(frozen=True)
class Bytes:
    """Bytes of a segment of an attempt, from an offset on."""

    attempt: int
    segment: str
    offset: int
    data: bytes


Frame = Union[Told, Bytes]


class Packer:
    """Frames to bytes, in the order in which they are sent."""

    def __init__(self) -> None:
        self._deflate = zlib.compressobj(6, zlib.DEFLATED, -15)

    def pack(self, frame: Frame) -> bytes:
        if isinstance(frame, Told):
            plain = b"J" + json.dumps(frame.body, separators=(",", ":")).encode()
        else:
            head = _HEAD.pack(frame.attempt, SEGMENTS.index(frame.segment), frame.offset)
            plain = b"D" + head + frame.data
        small = self._deflate.compress(plain) + self._deflate.flush(zlib.Z_SYNC_FLUSH)
        small = small[: -len(_TAIL)]
        return _LENGTH.pack(len(small)) + small


class Unpacker:
    """Bytes to frames, however they were cut."""

    def __init__(self) -> None:
        self._inflate = zlib.decompressobj(-15)
        self._left = b""

    def feed(self, data: bytes) -> Iterator[Frame]:
        self._left += data
        while len(self._left) >= _LENGTH.size:
            (length,) = _LENGTH.unpack_from(self._left)
            if length > MOST:
                raise Garbled("a frame is too long")
            end = _LENGTH.size + length
            if len(self._left) < end:
                return
            small, self._left = self._left[_LENGTH.size : end], self._left[end:]
            yield self._frame(small)

    def _frame(self, small: bytes) -> Frame:
        try:
            plain = self._inflate.decompress(small + _TAIL, MOST)
        except zlib.error as error:
            raise Garbled(str(error)) from None
        if self._inflate.unconsumed_tail or not plain:
            raise Garbled("a frame has no usable length")
        return _told(plain[1:]) if plain[:1] == b"J" else _bytes(plain)


def _told(text: bytes) -> Told:
    try:
        body = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise Garbled(str(error)) from None
    if not isinstance(body, dict):
        raise Garbled("a message is no object")
    return Told(body)


def _bytes(plain: bytes) -> Bytes:
    if plain[:1] != b"D" or len(plain) < 1 + _HEAD.size:
        raise Garbled("a frame is of no known kind")
    attempt, segment, offset = _HEAD.unpack_from(plain, 1)
    if segment >= len(SEGMENTS):
        raise Garbled("a frame is of no known segment")
    return Bytes(attempt, SEGMENTS[segment], offset, plain[1 + _HEAD.size :])
