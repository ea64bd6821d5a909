"""Files of rows as a stream: .jsonl, .json, .csv, .parquet and .txt, a record at a time, never a whole file in memory.

Refuses nothing in silence: what cannot be read comes out as a `Fault` with its line, and what follows it is still read.
"""

from __future__ import annotations

import csv
import glob
import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from engine.data.rows import Fault, Row, Turn, parse_row
from engine.errors import Unusable

REST = "; what follows in this file is not read"
LONGEST = 64 << 20
"""Bytes of the longest line that is still a row; a longer one is passed over in pieces."""
DOCUMENT = 4 << 20
"""Characters of the longest text that is one document."""
PIECE = 1 << 20
SUFFIXES = (".jsonl", ".json", ".csv", ".parquet", ".txt")

_decoder = msgspec.json.Decoder()


class Line(NamedTuple):
    """A line of a file; `data` is None where it is longer than the limit."""

    number: int
    at: int
    size: int
    data: bytes | None


def lines(path: Path, longest: int = LONGEST, start: int = 0) -> Iterator[Line]:
    """Every line from `start` on with its number and its place in bytes, in memory of one line."""
    at = start
    with path.open("rb") as file:
        file.seek(start)
        for number in range(1, 1 << 62):
            data = file.readline(longest + 1)
            size = len(data)
            if not data:
                return
            if size > longest and not data.endswith(b"\n"):
                while piece := file.readline(PIECE):
                    size += len(piece)
                    if piece.endswith(b"\n"):
                        break
                yield Line(number, at, size, None)
            else:
                yield Line(number, at, size, data)
            at += size


def read_rows(paths: Iterable[str | Path], kind: str) -> Iterator[Row | Fault]:
    """The rows of files, in order. `kind` is a shape's name or `auto`."""
    for where, record in read_records(paths):
        if isinstance(record, Fault):
            yield record
        elif where.rpartition("#")[0].endswith(".txt"):
            yield Row(where, (Turn("text", record["text"]),))
        else:
            yield parse_row(record, where, kind)


def read_records(paths: Iterable[str | Path]) -> Iterator[tuple[str, Any]]:
    """The records of files as (where, value), the value a `Fault` where there is none."""
    for name in paths:
        path = Path(present([str(name)])[0])
        yield from READERS.get(path.suffix, _jsonl)(path)


def present(names: Iterable[str]) -> list[str]:
    """The names, all of them of files that are there."""
    found = list(names)
    for name in found:
        if not Path(name).is_file():
            raise Unusable(f"data: no file {name} (from {Path.cwd()})")
    return found


def parse(data: bytes, where: str) -> Any:
    """One line of JSON as a value or a `Fault`."""
    try:
        return _decoder.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return _slowly(data, where)


def _slowly(data: bytes, where: str) -> Any:
    """What msgspec refuses: NaN and a byte order mark are taken, the rest gets its reason in words."""
    try:
        text = data.decode("utf-8-sig")
        value = json.loads(text)
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeDecodeError as error:
        return Fault(where, f"not UTF-8 at byte {error.start + 1}", broken=True)
    except UnicodeEncodeError:
        return Fault(where, "half of a character (a lone surrogate)", broken=True)
    except RecursionError:
        return Fault(where, "not JSON: nested too deeply", broken=True)
    except ValueError as error:
        return Fault(where, f"not JSON: {error}", broken=True)
    return value


def _jsonl(path: Path) -> Iterator[tuple[str, Any]]:
    name, decode = str(path), _decoder.decode
    for number, _, size, data in lines(path):
        where = f"{name}:{number}"
        if data is None:
            yield where, too_long(where, size)
            continue
        try:
            yield where, decode(data)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            if not data.isspace():
                yield where, _slowly(data, where)


def too_long(where: str, size: int) -> Fault:
    return Fault(where, f"a line of {size:,} bytes, {LONGEST:,} at most", broken=True)


def _json(path: Path) -> Iterator[tuple[str, Any]]:
    """A list of records, or one record. A fault ends the file: nothing after it can be trusted to be a row."""
    with path.open(encoding="utf-8-sig", errors="replace") as file:
        window = Window(file)
        if window.peek() != "[":
            yield f"{path}[1]", window.value(f"{path}[1]")
            return
        window.take()
        for number in range(1, 1 << 62):
            if window.peek() in ("]", ""):
                break
            value = window.value(f"{path}[{number}]")
            yield f"{path}[{number}]", value
            if isinstance(value, Fault):
                return
            if window.peek() == ",":
                window.take()
        if window.take() != "]":
            where = f"{path}[{number}]"
            yield where, Fault(where, "not JSON: the list has no end", broken=True)


class Window:
    """A sliding part of a JSON text, long enough for one value."""

    def __init__(self, file: Any) -> None:
        self._file, self._text, self._at, self._line = file, "", 0, 1
        self._decoder = json.JSONDecoder()

    def peek(self) -> str:
        """The next character that is no space; empty at the end."""
        while True:
            while self._at < len(self._text) and self._text[self._at].isspace():
                self._line += self._text[self._at] == "\n"
                self._at += 1
            if self._at < len(self._text) or not self._more(PIECE):
                return self._text[self._at : self._at + 1]

    def take(self) -> str:
        character = self.peek()
        self._at += 1
        return character

    def value(self, where: str) -> Any:
        """The next value, however many pieces it needs."""
        self.peek()
        wanted = PIECE
        while True:
            try:
                value, end = self._decoder.raw_decode(self._text, self._at)
                if end < len(self._text) or not self._more(1):
                    self._line += self._text.count("\n", self._at, end)
                    self._at = end
                    return value
            except (ValueError, RecursionError) as error:
                size = len(self._text) - self._at
                if size > LONGEST or not self._more(wanted):
                    why = f"not JSON at line {self._line}: {error}{REST}"
                    return Fault(where, why, broken=True)
            wanted *= 2

    def _more(self, wanted: int) -> bool:
        found = self._file.read(max(wanted, PIECE))
        self._text, self._at = self._text[self._at :] + found, 0
        return bool(found)


def _csv(path: Path) -> Iterator[tuple[str, Any]]:
    """The first line names the columns; an empty cell is an absent value."""
    longer: list[Line] = []

    def texts() -> Iterator[str]:
        for line in lines(path):
            if line.data is None:
                longer.append(line)
            yield "\n" if line.data is None else line.data.decode("utf-8-sig", "replace")

    csv.field_size_limit(LONGEST)
    reader = csv.DictReader(texts(), strict=True)
    while True:
        where = f"{path}:{reader.line_num + 1}"
        try:
            row = next(reader, None)
        except csv.Error as error:
            yield where, Fault(where, f"not CSV: {error}{REST}", broken=True)
            return
        for line in longer:
            yield f"{path}:{line.number}", too_long(f"{path}:{line.number}", line.size)
        longer.clear()
        if row is None:
            return
        where = f"{path}:{reader.line_num}"
        if None in row:
            yield where, Fault(where, "more cells than columns", broken=True)
        else:
            yield where, {name: cell for name, cell in row.items() if cell not in (None, "")}


def _parquet(path: Path) -> Iterator[tuple[str, Any]]:
    try:
        from pyarrow import ArrowException, parquet
    except ImportError:
        raise Unusable(f"{path}: reading Parquet needs pyarrow", "pip install pyarrow") from None
    number = 0
    try:
        for batch in parquet.ParquetFile(path).iter_batches(batch_size=1000):
            for record in batch.to_pylist():
                number += 1
                yield f"{path}[{number}]", {k: v for k, v in record.items() if v is not None}
    except (ArrowException, OSError) as error:
        where = f"{path}[{number + 1}]"
        yield where, Fault(where, f"not Parquet: {error}{REST}", broken=True)


def _documents(path: Path) -> Iterator[tuple[str, Any]]:
    """Blank lines, two in a row or more, part the documents of a text file; one that is too long is several."""
    part: list[str] = []
    number, blank, held = 1, 0, 0
    with path.open(encoding="utf-8", errors="replace") as file:
        while line := file.readline(DOCUMENT):
            blank = blank + 1 if line == "\n" else 0
            held += len(line)
            if blank < 2:
                part.append(line)
            if blank == 2 or held >= DOCUMENT:
                yield from _document(path, number, part)
                part, number, blank, held = [], number + 1, 0, 0
    yield from _document(path, number, part)


def _document(path: Path, number: int, part: list[str]) -> Iterator[tuple[str, Any]]:
    if (text := "".join(part).strip("\n")).strip():
        yield f"{path}#{number}", {"text": text + "\n"}


READERS = {".json": _json, ".csv": _csv, ".parquet": _parquet, ".txt": _documents}


def expand(name: str) -> list[str]:
    """The files that a file's name, a folder or a glob stands for, by name; a store of tokens stands for itself."""
    if "://" in name or name.startswith("hf:"):
        raise Unusable(f"data: nothing here fetches {name}", "copy it to the machine first")
    path = Path(name)
    if (path / "tokens.bin").is_file():
        return [name]
    if path.is_dir():
        return sorted(str(p) for p in path.iterdir() if p.suffix in (*SUFFIXES, ".bin"))
    if path.is_file() or not glob.has_magic(name):
        return [name]
    found = sorted(glob.glob(name, recursive=True))
    if not found:
        raise Unusable(f"data: no file matches {name} (from {Path.cwd()})")
    return found
