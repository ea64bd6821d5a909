"""Of a console that is too long to send: its head, its tail, and what stands around the lines of trouble."""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO

LONG = 16 << 20
"""Bytes up to which a console goes along whole."""
HEAD, TAIL = 1 << 20, 2 << 20
AROUND = 64 << 10
MOST = 64
"""Windows; of more marks the first."""
BLOCK = 8 << 20
MARKS = (b"Traceback (most recent", b"Error: ", b"error: ", b"out of memory", b"Killed", b" nan")
Span = tuple[int, int]


def windows(file: BinaryIO, size: int, whole: bool = False) -> list[Span]:
    """What of it goes along: offsets, rising, cut at whole lines."""
    if whole or size <= LONG:
        return [(0, size)] if size else []
    spans = [
        (0, HEAD),
        *((max(at - AROUND, 0), at + AROUND) for at in _marks(file, size)),
        (size - TAIL, size),
    ]
    joined: list[Span] = []
    for begin, end in sorted(spans):
        if joined and begin <= joined[-1][1]:
            joined[-1] = joined[-1][0], max(end, joined[-1][1])
        else:
            joined.append((begin, end))
    return [
        (_line(file, begin), size if end >= size else _line(file, end)) for begin, end in joined
    ]


def _marks(file: BinaryIO, size: int) -> Iterator[int]:
    """Where something went wrong, each at least a window's width behind the last."""
    last, count = HEAD, 0
    for begin in range(HEAD, size - TAIL, BLOCK):
        file.seek(begin)
        block = file.read(BLOCK)
        for at in sorted(place for mark in MARKS for place in _places(block, mark)):
            if begin + at >= last:
                yield begin + at
                last, count = begin + at + 2 * AROUND, count + 1
                if count == MOST:
                    return


def _places(block: bytes, mark: bytes) -> Iterator[int]:
    """A few of them: what is nearer than a window is in it."""
    at = block.find(mark)
    while at >= 0:
        yield at
        at = block.find(mark, at + AROUND)


def _line(file: BinaryIO, offset: int) -> int:
    """Behind the line that holds this byte; the byte itself where that line has no end nearby."""
    if offset == 0:
        return 0
    file.seek(offset - 1)
    cut = file.read(AROUND).find(b"\n")
    return offset + cut if cut >= 0 else offset
