"""TensorBoard's event files: TFRecords of `Event` messages, of which the scalars are read.

Consecutive events of one step become one row. Writers log the same tags step after step, so most of a file repeats one
layout: it is learned from one step's events, and as many steps as keep to it are taken out at once as columns. Lengths
are proven by their checksum; a torn tail is left and counted. Values are the file's own 32-bit floats, unrounded.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from engine.imports import crc, repeats
from engine.imports.protobuf import BYTES, FIXED32, FIXED64, VARINT, Torn, fields, signed
from engine.imports.repeats import Event, Scalar
from engine.imports.told import Found, Names, line

CHUNK = 4 << 20
MOST_RECORD = 256 << 20
HEAD, FOOT = 12, 4
_LENGTH = struct.Struct("<QI")
_DOUBLE, _FLOAT = struct.Struct("<d"), struct.Struct("<f")
_KINDS = {1: ("<f", 4), 2: ("<d", 8), 3: ("<i", 4), 9: ("<q", 8)}
"""TensorFlow's numbers of types, for scalars kept as tensors."""
_TENSOR_VALUES = {5: "<f", 6: "<d"}
RETRY = 64
"""Steps that are read one by one, at most, before the layout is tried again."""


def lines(
    path: Path, found: Found, prefix: str = "", names: Names | None = None
) -> Iterator[bytes]:
    """Blocks of lines of `trainer.jsonl`."""
    names = names or Names()
    with open(path, "rb") as file:
        yield from _Reader(file, found, prefix, names).blocks()


class _Reader:
    """`data[at:]` is what was read of the file and not taken yet."""

    def __init__(self, file: BinaryIO, found: Found, prefix: str, names: Names) -> None:
        self._file, self._found, self._prefix, self._names = file, found, prefix, names
        self._data, self._at = b"", 0
        self._rest, self._pause = 0, 1

    def blocks(self) -> Iterator[bytes]:
        group: list[Event] = []
        while (event := self._next()) is not None:
            if not event.scalars:
                continue
            if group and (event.step != group[-1].step or _again(group, event)):
                yield self._row(group)
                block = self._repeated(group, event)
                if block:
                    yield block
                    group = []
                    continue
                group = []
            group.append(event)
        if group:
            yield self._row(group)

    def _row(self, group: list[Event]) -> bytes:
        values = {
            self._names.of(self._prefix + scalar.tag): scalar.value
            for event in group
            for scalar in event.scalars
        }
        last = group[-1]
        self._found.rows += 1
        self._found.at(last.t)
        return line(last.step, last.t, values)

    def _repeated(self, group: list[Event], event: Event) -> bytes:
        """The steps from this event on that repeat the group's layout, taken at once; nothing where none does."""
        if self._rest > 0:
            self._rest -= 1
            return b""
        layout = repeats.layout([*group, event])
        found = None if layout is None else repeats.take(self._data, event.begin, layout)
        if layout is None or found is None:
            self._rest, self._pause = self._pause, min(2 * self._pause, RETRY)
            return b""
        self._pause = 1
        self._at = event.begin + found.count * layout.size
        self._found.rows += found.count
        for t in (found.times.min(), found.times.max()):
            self._found.at(float(t))
        tags = [self._names.of(self._prefix + tag) for tag in layout.tags]
        return repeats.lines(found, tags)

    def _next(self) -> Event | None:
        """The next record that is whole; None at the end, or where the file is damaged."""
        while True:
            length = self._length()
            if length is None:
                return None
            begin = self._at
            self._at += HEAD + length + FOOT
            try:
                return _event(self._data, begin, begin + HEAD + length)
            except (Torn, UnicodeDecodeError, struct.error):
                self._found.unread.append("a record that is no event")

    def _length(self) -> int | None:
        """Of the record that is here in whole; None where there is none, and what is left is counted."""
        if not self._hold(HEAD):
            return self._over()
        length, check = _LENGTH.unpack_from(self._data, self._at)
        if crc.masked(self._data[self._at : self._at + 8]) != check:
            return self._over("a record's length is damaged")
        if length > MOST_RECORD or not self._hold(HEAD + length + FOOT):
            return self._over()
        return int(length)

    def _hold(self, count: int) -> bool:
        """So many bytes from here on are in memory. A group that may be repeated stays there too."""
        while len(self._data) - self._at < count:
            more = self._file.read(max(CHUNK, count))
            if not more:
                return False
            self._data, self._at = self._data[self._at :] + more, 0
        return True

    def _over(self, why: str = "the last record is torn") -> int | None:
        left = len(self._data) - self._at + len(self._file.read(1))
        if left:
            self._found.unread.append(f"{left:,} bytes or more at the end: {why}")
        return None


def _again(group: list[Event], event: Event) -> bool:
    """The same tag once more is a row of its own."""
    known = {scalar.tag for one in group for scalar in one.scalars}
    return any(scalar.tag in known for scalar in event.scalars)


def _event(data: bytes, begin: int, end: int) -> Event:
    t, step, time_at, step_at = 0.0, 0, -1, (-1, -1)
    scalars: tuple[Scalar, ...] = ()
    at = begin + HEAD
    for number, kind, start, stop in fields(data, at, end):
        if number == 1 and kind == FIXED64:
            t, time_at = _DOUBLE.unpack_from(data, start)[0], start
        elif number == 2 and kind == VARINT:
            step, step_at = signed(start), (stop - _width(start), stop)
        elif number == 5 and kind == BYTES:
            scalars += tuple(_scalars(data, start, stop))
    return Event(data, begin, end + FOOT, t, step, time_at, step_at, scalars)


def _width(value: int) -> int:
    return max((value.bit_length() + 6) // 7, 1)


def _scalars(data: bytes, begin: int, end: int) -> Iterator[Scalar]:
    for number, kind, start, stop in fields(data, begin, end):
        if number == 1 and kind == BYTES:
            found = _scalar(data, start, stop)
            if found is not None:
                yield found


def _scalar(data: bytes, begin: int, end: int) -> Scalar | None:
    tag: str | None = None
    told: tuple[float, int, str] | None = None
    for number, kind, start, stop in fields(data, begin, end):
        if number == 1 and kind == BYTES:
            tag = data[start:stop].decode()
        elif number == 2 and kind == FIXED32:
            told = (_FLOAT.unpack_from(data, start)[0], start, "<f")
        elif number == 8 and kind == BYTES:
            told = _tensor(data, start, stop)
    return None if tag is None or told is None else Scalar(tag, *told)


def _tensor(data: bytes, begin: int, end: int) -> tuple[float, int, str] | None:
    """A tensor of one number; TensorFlow 2 writes scalars so."""
    kind_of, found = 0, None
    for number, kind, start, stop in fields(data, begin, end):
        if number == 1 and kind == VARINT:
            kind_of = start
        elif number == 2 and kind == BYTES and any(f[0] == 2 for f in fields(data, start, stop)):
            return None  # it has dimensions
        elif number == 4 and kind == BYTES and kind_of in _KINDS:
            form, size = _KINDS[kind_of]
            if stop - start == size:
                found = (float(struct.unpack_from(form, data, start)[0]), start, form)
        elif number in _TENSOR_VALUES and kind in (BYTES, FIXED32, FIXED64):
            form = _TENSOR_VALUES[number]
            if stop - start == struct.calcsize(form):
                found = (float(struct.unpack_from(form, data, start)[0]), start, form)
    return found
