"""Which lines hold what is searched for: the bytes are scanned a block at a time, and only what is new."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator

import numpy as np

from cockpit.watching.console import Console, Part
from engine import system
from engine.columns.series import Ints

BLOCK = 1 << 20


class Finder:
    """One search over a console that may grow. `advance` is called on one thread; `lines` on any."""

    def __init__(self, pattern: str) -> None:
        self.shown = re.compile(pattern, re.IGNORECASE)
        self._bytes = re.compile(pattern.encode(), re.IGNORECASE | re.MULTILINE)
        self._done: dict[int, int] = {}
        self._found: dict[int, Ints] = {}
        self.lines: Ints = np.empty(0, np.int64)
        """Numbers of the lines that match, in order."""

    def advance(self, console: Console) -> None:
        """Look through what is there and was not looked through."""
        first, found = 0, []
        for part in console.parts:
            self._read(part)
            inside = self._found.get(part.attempt, self.lines[:0])
            found.append(inside[inside < len(part.ends)] + first)
            first += len(part.ends)
        self.lines = np.concatenate(found) if found else np.empty(0, np.int64)

    def _read(self, part: Part) -> None:
        done = self._done.get(part.attempt, 0)
        # The last line may still grow: it is looked through again.
        whole = int(part.ends[-2]) if len(part.ends) > 1 else 0
        hits = np.unique(
            np.searchsorted(part.ends, np.array(list(self._hits(part, done)), np.int64), "right")
        )
        before = self._found.get(part.attempt, np.empty(0, np.int64))
        self._found[part.attempt] = np.unique(np.concatenate([before, hits]))
        self._done[part.attempt] = max(whole, done)

    def _hits(self, part: Part, start: int) -> Iterator[int]:
        """Offsets at which something was found."""
        last = int(part.ends[-1])
        with open(os.open(part.path, os.O_RDONLY | system.RAW), "rb") as file:
            at = start
            while at < last:
                data = system.read_at(file.fileno(), min(BLOCK, last - at), at)
                if not data:
                    return
                cut = data.rfind(b"\n") + 1 or len(data)
                yield from (at + match.start() for match in self._bytes.finditer(data[:cut]))
                at += cut
