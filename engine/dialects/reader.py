"""Bytes of a console to rows, by a named dialect or by the first that understands a line."""

from __future__ import annotations

import re

from engine.dialects import hf, jsonlines, keyvalue
from engine.dialects.reading import Dialect
from engine.events.base import Row
from engine.events.lines import Lines

DIALECTS: dict[str, Dialect] = {
    "jsonlines": jsonlines.read,
    "hf": hf.read,
    "keyvalue": keyvalue.read,
}
"""In the order in which they are tried: the more particular first."""

_NUMBERED = re.compile(rb"\d|nan|inf", re.IGNORECASE)
_ESCAPES = re.compile(r"\x1b\[[0-9;?]{0,32}[ -/]{0,4}[@-~]")


class Reader:
    """Takes a console in any pieces. A carriage return ends a line too: progress bars are redrawn lines."""

    def __init__(self, dialect: str = "auto") -> None:
        self.name: str | None = dialect if dialect in DIALECTS else None
        self.total: int | None = None
        self._lines = Lines()

    def feed(self, piece: bytes) -> list[tuple[Row, int]]:
        """Rows found in the lines that this piece completes, with the offset behind each line."""
        found = []
        for line, end in self._lines.feed(piece.replace(b"\r", b"\n")):
            row = self._read(line)
            if row is not None:
                found.append((row, end))
        return found

    def restart(self, offset: int = 0) -> None:
        """The file began anew, or is read on from this offset: half a line of before is no part of what follows."""
        self._lines = Lines(offset)

    def _read(self, line: bytes) -> Row | None:
        if _NUMBERED.search(line) is None:
            return None
        text = _ESCAPES.sub("", line.decode("utf-8", "replace"))
        for name in (self.name,) if self.name else tuple(DIALECTS):
            reading = DIALECTS[name](text)
            if reading is None:
                continue
            self.total = reading.total or self.total
            if reading.row is not None:
                self.name = name
            return reading.row
        return None
