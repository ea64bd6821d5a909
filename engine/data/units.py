"""A corpus cut into units of work: byte ranges of its files that begin and end between two rows.

The units are a function of the files alone, so a writer that was killed goes on at the unit where it stood.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path
from typing import BinaryIO

from engine.data.reading import LONGEST, Line, lines, parse, read_records, too_long
from engine.data.rows import Fault, Row, Turn, parse_row

UNIT = 4 << 20
"""Bytes of a unit: what one worker holds in memory, several times over."""
GAP = b"\n\n\n"
"""Parts the documents of a text file."""


@dataclass(frozen=True)
class Unit:
    path: str
    start: int
    end: int

    @property
    def bytes(self) -> int:
        return self.end - self.start


def units(files: Sequence[str], size: int = UNIT) -> list[Unit]:
    """In the order of the files. Only lines and texts can be cut; other files are one unit each."""
    found = []
    for name in files:
        path, held = Path(name), Path(name).stat().st_size
        if path.suffix in (".json", ".csv", ".parquet"):
            found.append(Unit(name, 0, held))
            continue
        gap = GAP if path.suffix == ".txt" else b"\n"
        found += list(_cut(path, held, size, gap))
    return found


def _cut(path: Path, held: int, size: int, gap: bytes) -> Iterator[Unit]:
    start = 0
    with path.open("rb") as file:
        while start < held:
            end = _after(file, min(start + size, held), held, gap)
            yield Unit(str(path), start, end)
            start = end


def _after(file: BinaryIO, at: int, held: int, gap: bytes) -> int:
    """The first place at or after `at` behind a gap."""
    at = max(0, at - len(gap))
    tail = b""
    file.seek(at)
    while piece := file.read(1 << 16):
        found = (tail + piece).find(gap)
        if found >= 0:
            return at - len(tail) + found + len(gap)
        at += len(piece)
        tail = piece[-(len(gap) - 1) :] if len(gap) > 1 else b""
    return held


def rows(unit: Unit, kind: str) -> Iterator[tuple[int, Row | Fault]]:
    """The rows of a unit with their number: of the line in the unit, else of the record in the file."""
    path = Path(unit.path)
    if path.suffix in (".json", ".csv", ".parquet"):
        for number, (where, record) in enumerate(read_records([path]), 1):
            bad = isinstance(record, Fault)
            yield number, record if bad else parse_row(record, where, kind)
    elif path.suffix == ".txt":
        yield from _texts(path, unit)
    else:
        for line in _lines(path, unit):
            if line.data is None:
                yield line.number, too_long("", line.size)
            elif line.data and not line.data.isspace():
                record = parse(line.data, "")
                bad = isinstance(record, Fault)
                yield line.number, record if bad else parse_row(record, "", kind)


def _lines(path: Path, unit: Unit) -> Iterator[Line]:
    if unit.bytes > LONGEST:
        yield from takewhile(lambda line: line.at < unit.end, lines(path, start=unit.start))
        return
    with path.open("rb") as file:
        file.seek(unit.start)
        for number, data in enumerate(file.read(unit.bytes).split(b"\n"), 1):
            yield Line(number, 0, len(data), data)


def _texts(path: Path, unit: Unit) -> Iterator[tuple[int, Row]]:
    with path.open("rb") as file:
        file.seek(unit.start)
        text = file.read(unit.bytes).decode("utf-8", "replace").replace("\r\n", "\n")
    for number, part in enumerate(text.split("\n\n\n"), 1):
        if part.strip():
            yield number, Row("", (Turn("text", part.strip("\n") + "\n"),))
