"""CRC-32C as TFRecord uses it, masked; slow in Python, so it is for the few bytes of a record's header."""

from __future__ import annotations

from functools import lru_cache


@lru_cache(maxsize=1)
def table() -> list[int]:
    rows = []
    for index in range(256):
        for _ in range(8):
            index = (index >> 1) ^ 0x82F63B78 if index & 1 else index >> 1
        rows.append(index)
    return rows


@lru_cache(maxsize=4096)
def masked(data: bytes) -> int:
    """Of the same lengths again and again."""
    rows, crc = table(), 0xFFFFFFFF
    for byte in data:
        crc = rows[(crc ^ byte) & 0xFF] ^ (crc >> 8)
    crc ^= 0xFFFFFFFF
    return (((crc >> 15) | (crc << 17)) + 0xA282EAD8) & 0xFFFFFFFF
