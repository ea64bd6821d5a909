"""The little of protocol buffers' wire format that is written here."""

from __future__ import annotations


def message(field: int, body: bytes) -> bytes:
    """A field that holds bytes."""
    return varint(field << 3 | 2) + varint(len(body)) + body


def number(field: int, value: int) -> bytes:
    return varint(field << 3) + varint(value & (1 << 64) - 1)


def varint(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes((*out, value))
