"""Follows the files with metrics that a script writes, and records their rows in `files.jsonl`.

Rows are recorded, not the files' bytes: they stay where they are, and the mirror needs no further stream. What lay
there before the attempt is another run's, so only its header is read.
"""

from __future__ import annotations

import glob
import os
import time
from typing import Callable, List, Sequence

from engine.dialects import Lens, Reader
from engine.dialects.tables import STATE_CAP, Csv, JsonLines, Once, state
from engine.events import Lines, Row, Segment, decode
from engine.journal import Follower, Writer

EVERY_S = 2.0
MOST_FILES = 64
PIECE = 256 * 1024
"""Bytes of one file in one look."""
LAST = 32
"""Pieces of one file when the script has ended."""

Parse = Callable[[bytes], List[Row]]


class _File:
    """One file as it grows. A row that an earlier reading told is left out."""

    def __init__(self, path: str, lens: Lens, old: bool) -> None:
        self.path, self._lens = path, lens
        self._follower, self._once = Follower(path), Once()
        self._stamp = (0, 0)
        self._parse = self._parser()
        self._passed = _size(path) if old else 0

    def _parser(self) -> Parse:
        if self.path.endswith((".csv", ".tsv")):
            return Csv().feed
        if self.path.endswith((".jsonl", ".ndjson")):
            return JsonLines().feed
        reader = Reader(self._lens)
        return lambda piece: [row for row, _ in reader.feed(piece)]

    def read(self, pieces: int) -> list[Row]:
        """What is new."""
        if self.path.endswith(".json"):
            return self._state()
        found: list[Row] = []
        for _ in range(pieces):
            piece = self._follower.read(PIECE)
            if piece.reset is not None:
                self._parse, self._passed = self._parser(), 0
            rows = self._parse(piece.data)
            if piece.end <= self._passed:
                self._once.new(rows)
            else:
                found += self._once.new(rows)
            if not piece.data:
                break
        return found

    def _state(self) -> list[Row]:
        """A whole file that is written anew."""
        status = os.stat(self.path)
        stamp = (status.st_mtime_ns, status.st_size)
        if stamp == self._stamp or status.st_size > STATE_CAP or self._passed == status.st_size:
            return []
        self._stamp = stamp
        with open(self.path, "rb") as file:
            return state(file.read())


class Files:
    """All files of the profile's `[log] files`, looked at every two seconds."""

    def __init__(self, globs: Sequence[str], cwd: str, target: str, lens: Lens) -> None:
        self._globs = [os.path.join(cwd, one) for one in globs]
        self._target, self._lens = target, lens
        self._known: dict[str, _File] = {}
        self._told = Once()
        self._due = 0.0
        self._writer: Writer | None = None
        self._meet(old=not self._recall())

    def _recall(self) -> bool:
        """What an earlier runner of this attempt recorded; False: there was none."""
        lines, follower = Lines(), Follower(self._target)
        while (piece := follower.read()).data:
            facts = (decode(line, Segment.TRAINER) for line, _ in lines.feed(piece.data))
            self._told.new(fact for fact in facts if isinstance(fact, Row))
        return os.path.exists(self._target)

    def _meet(self, old: bool = False) -> None:
        for pattern in self._globs:
            for path in sorted(glob.glob(pattern, recursive=True))[:MOST_FILES]:
                if path not in self._known and len(self._known) < MOST_FILES:
                    self._known[path] = _File(path, self._lens, old)

    def look(self, now: float, pieces: int = 1) -> list[Row]:
        """Rows that are new, recorded."""
        if not self._globs or now < self._due:
            return []
        self._due = now + EVERY_S
        self._meet()
        found: list[Row] = []
        for file in self._known.values():
            try:
                found += self._told.new(file.read(pieces))
            except OSError:
                continue  # removed, or a disk that fails; it may come back
        return self._record(found)

    def last(self) -> list[Row]:
        """The script has ended."""
        self._due = 0.0
        return self.look(1.0, LAST)

    def _record(self, rows: list[Row]) -> list[Row]:
        if not rows:
            return []
        dated = [row._replace(t=round(time.time(), 3)) for row in rows]
        try:
            self._writer = self._writer or Writer(self._target)
            for row in dated:
                self._writer.append(row)
        except OSError:
            return []  # a full disk: the rules have seen nothing that the record lacks
        return dated

    def close(self) -> None:
        if self._writer is not None:
            self._writer.close()


def _size(path: str) -> int:
    try:
        return os.stat(path).st_size
    except OSError:
        return 0
