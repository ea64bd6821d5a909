"""A corpus cut into units of work: byte ranges of its files that begin and end between two rows.

The units are a function of the files alone, so a writer that was killed goes on at the unit where it stood.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path
from typing import Any, BinaryIO

from engine.data.reading import LONGEST, lines, parse, read_records, too_long
from engine.data.rows import Fault, Row, Turn, parse_row

UNIT = 4 << 20
"""Bytes of a unit: what one worker holds in memory, several times over."""
GAP = b"\n\n\n"
"""Parts the documents of a text file."""
WHOLE = (".json", ".csv", ".parquet", ".txt")
_NUMBER = re.compile(r"\d+")


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
            at = min(start + size, held)
            # a line is read to its end, however far that is; a text is cut within itself
            end = _after(file, at, held if gap == b"\n" else min(at + size, held), gap)
            yield Unit(str(path), start, end)
            start = end


def _after(file: BinaryIO, at: int, held: int, gap: bytes) -> int:
    """The first place at or after `at` behind a gap; if there is none, the last behind a line or a character."""
    first, at = at, max(0, at - len(gap))
    tail = b""
    file.seek(at)
    while at < held and (piece := file.read(min(1 << 16, held - at))):
        found = (tail + piece).find(gap)
        if found >= 0:
            return at - len(tail) + found + len(gap)
        at += len(piece)
        tail = piece[-(len(gap) - 1) :] if len(gap) > 1 else b""
    return held if gap == b"\n" or not file.read(1) else _within(file, first, held)


def _within(file: BinaryIO, start: int, end: int) -> int:
    """A place to cut a text where no document ends; never in a gap, of which a part may lie behind it."""
    file.seek(start)
    data = file.read(end - start).rstrip(b"\n")
    line = data.rfind(b"\n") + 1
    if line:
        return start + line
    for back in range(1, min(4, len(data))):
        if data[-back] & 0xC0 != 0x80:  # the first byte of a character
            return start + len(data) - back
    return start + len(data) if data else end


def pieces(files: Sequence[str], size: int = UNIT) -> list[Unit]:
    """As `units`, but a text stays whole: its documents are counted from its beginning."""
    return [
        part
        for name in files
        for part in (_whole(name) if Path(name).suffix in WHOLE else units([name], size))
    ]


def _whole(name: str) -> list[Unit]:
    return [Unit(name, 0, Path(name).stat().st_size)]


def is_lined(path: str) -> bool:
    """Whether its rows are lines, counted from the beginning of a unit."""
    return Path(path).suffix not in WHOLE


def place(path: str, number: int) -> str:
    """Where a row is, as `read_records` calls it."""
    suffix = Path(path).suffix
    if suffix in (".json", ".parquet"):
        return f"{path}[{number}]"
    return f"{path}#{number}" if suffix == ".txt" else f"{path}:{number}"


def records(unit: Unit) -> Iterator[tuple[int, Any, bytes]]:
    """The records of a unit, or a `Fault`: the number of the line in the unit, else as in `place`; the line."""
    path = Path(unit.path)
    if path.suffix in WHOLE:
        for where, value in read_records([path]):
            yield int(_NUMBER.findall(where)[-1]), value, b""
    elif unit.bytes > LONGEST:
        for line in takewhile(lambda line: line.at < unit.end, lines(path, start=unit.start)):
            if line.data is None:
                yield line.number, too_long("", line.size), b""
            elif not line.data.isspace():
                yield line.number, parse(line.data, ""), line.data
    else:
        with path.open("rb") as file:
            file.seek(unit.start)
            data = file.read(unit.bytes)
        for number, found in enumerate(data.split(b"\n"), 1):
            if found and not found.isspace():
                yield number, parse(found, ""), found


def rows(unit: Unit, kind: str) -> Iterator[tuple[int, Row | Fault]]:
    """The rows of a unit with their number, as in `records`; documents of a text are counted from the unit's begin."""
    if Path(unit.path).suffix == ".txt":
        yield from _texts(Path(unit.path), unit)
        return
    for number, record, _ in records(unit):
        yield number, record if isinstance(record, Fault) else parse_row(record, "", kind)


def _texts(path: Path, unit: Unit) -> Iterator[tuple[int, Row]]:
    """The documents of a unit; what began before it or ends behind it is a part of one, and keeps its space there."""
    with path.open("rb") as file:
        file.seek(max(0, unit.start - len(GAP)))
        before = file.read(min(len(GAP), unit.start))
        data = file.read(unit.bytes)
        more = bool(file.read(1)) and not data.endswith(GAP)
    parts = data.decode("utf-8", "replace").replace("\r\n", "\n").split("\n\n\n")
    for number, part in enumerate(parts, 1):
        goes_on = more and number == len(parts)
        rest = number == 1 and before not in (b"", GAP)
        text = part if rest else part.lstrip("\n")
        text = text if goes_on else text.rstrip("\n") + "\n"
        if rest or goes_on or text.strip():
            yield number, Row("", (Turn("part" if goes_on else "text", text),))


def newlines(path: str, start: int, end: int) -> int:
    """Lines that end between two places of a file."""
    left, count = end - start, 0
    with Path(path).open("rb") as file:
        file.seek(start)
        while left and (piece := file.read(min(left, 1 << 20))):
            count += piece.count(b"\n")
            left -= len(piece)
    return count
