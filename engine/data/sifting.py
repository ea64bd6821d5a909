"""A unit of rows as lines to be merged, each with the marks by which a double is known, in any process."""

from __future__ import annotations

import json
from array import array
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from engine.data.doubles import Signature, mark, sign, spelled, text_of
from engine.data.rows import Fault, parse_row
from engine.data.units import Unit, is_lined, newlines, records


class Sieve(NamedTuple):
    """A row's format, and whether near doubles are looked for."""

    kind: str
    near: bool


@dataclass
class Sifted:
    """The good rows of a unit, a line each, and the others by number."""

    lines: bytes = b""
    ends: array[int] = field(default_factory=lambda: array("q"))
    marks: bytearray = field(default_factory=bytearray)
    signatures: list[Signature | None] = field(default_factory=list)
    faults: list[tuple[int, str, bool]] = field(default_factory=list)
    count: int = 0
    """Lines of the unit, good or not."""


def open_sieve(sieve: Sieve) -> Callable[[Unit], Sifted]:
    return lambda unit: sift(unit, sieve)


def sift(unit: Unit, sieve: Sieve) -> Sifted:
    sifted, lines, end = Sifted(), list[bytes](), 0
    for number, record, data in records(unit):
        row = record if type(record) is Fault else parse_row(record, "", sieve.kind)
        if isinstance(row, Fault):
            sifted.faults.append((number, row.reason, row.broken))
            continue
        line = written(record, data)
        end += len(line)
        lines.append(line)
        sifted.ends.append(end)
        sifted.marks += mark(spelled(row))
        if sieve.near:
            sifted.signatures.append(sign(text_of(row)))
    sifted.lines = b"".join(lines)
    if is_lined(unit.path):
        sifted.count = newlines(unit.path, unit.start, unit.end)
    return sifted


def written(record: dict[str, Any], data: bytes) -> bytes:
    """A record as a line: as it stands in its file, but for the space around it and a byte order mark."""
    plain = data.strip()
    if plain[:1] != b"{":
        plain = json.dumps(record, ensure_ascii=False).encode()
    return plain + b"\n"
