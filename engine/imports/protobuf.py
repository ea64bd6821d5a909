"""The little of protocol buffers' wire format that is needed: fields of a message, one after the other."""

from __future__ import annotations

from collections.abc import Iterator

VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5
Field = tuple[int, int, int, int]
"""Number, wire type, and where its content begins and ends; of a varint the value and where it ended."""


class Torn(ValueError):
    """The bytes are no message."""


def varint(data: bytes, at: int, end: int) -> tuple[int, int]:
    """The value that begins here and the place behind it."""
    value = shift = 0
    while at < end:
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
        shift += 7
        if shift > 63:
            break
    raise Torn("a number has no end")


def fields(data: bytes, at: int, end: int) -> Iterator[Field]:
    """The fields of the message in `data[at:end]`; groups, which nobody writes any more, are torn."""
    while at < end:
        key, at = varint(data, at, end)
        number, kind = key >> 3, key & 7
        if kind == VARINT:
            value, at = varint(data, at, end)
            yield number, kind, value, at
            continue
        if kind == BYTES:
            size, at = varint(data, at, end)
        elif kind in (FIXED64, FIXED32):
            size = 8 if kind == FIXED64 else 4
        else:
            raise Torn("an unknown kind of field")
        if at + size > end:
            raise Torn("a field is longer than its message")
        yield number, kind, at, at + size
        at += size


def signed(value: int) -> int:
    """A varint as a 64-bit number with a sign."""
    return value - (1 << 64) if value >= 1 << 63 else value
