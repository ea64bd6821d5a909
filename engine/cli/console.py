"""A run's console as lines, whatever it holds: progress bars, half lines, a line of 100 MB.

A carriage return redraws a line, so what stands at its end is shown. A line longer than `CAP` is
shown up to there; memory stays bounded.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import NamedTuple

from engine import system
from engine.journal import Follower
from engine.runs import Attempt, Run
from engine.sizes import Sizes
from engine.timeline import BLOCK

CAP = 16 * 1024
FARTHEST = 8 << 20
"""Bytes before the end that are searched for the last lines."""


class ConsoleLine(NamedTuple):
    """`offset` is the one behind the line, from where reading can go on."""

    attempt: int
    offset: int
    text: str
    t: float | None


class Cutter:
    """Bytes in any pieces to whole lines, each with the offset behind it."""

    def __init__(self, offset: int = 0) -> None:
        self._offset = offset
        self._carry = b""

    def feed(self, piece: bytes) -> Iterator[tuple[bytes, int]]:
        start = 0
        while (end := piece.find(b"\n", start) + 1) > 0:
            yield self._line(piece[start : end - 1]), self._offset + end
            start = end
        self._offset += len(piece)
        # Of a longer line its beginning is kept, and the newest bytes, which a redrawn bar ends in.
        self._carry += piece[start:]
        if len(self._carry) > 2 * CAP:
            self._carry = self._carry[:CAP] + self._carry[-CAP:]

    def rest(self) -> Iterator[tuple[bytes, int]]:
        """A last line that nobody ended."""
        if self._carry:
            yield self._line(b""), self._offset

    def _line(self, end: bytes) -> bytes:
        line = (self._carry + end).rstrip(b"\r")
        self._carry = b""
        return line[line.rfind(b"\r") + 1 :][:CAP]


class AttemptConsole:
    """Follows the console of one attempt from an offset on."""

    def __init__(self, attempt: Attempt, offset: int = 0) -> None:
        self._number = attempt.number
        self._console, self._cutter = Follower(attempt.console, offset), Cutter(offset)
        self._runner, self._sizes = Follower(attempt.runner), Sizes()

    def read(self, rest: bool = False) -> Iterator[ConsoleLine]:
        """New lines; with `rest` also one that nobody ended."""
        while data := self._runner.read(BLOCK).data:
            self._sizes.feed(data)
        while (piece := self._console.read(BLOCK)).data:
            if piece.reset:
                self._cutter = Cutter()
            yield from map(self._placed, self._cutter.feed(piece.data))
        if rest:
            yield from map(self._placed, self._cutter.rest())

    def _placed(self, line: tuple[bytes, int]) -> ConsoleLine:
        raw, end = line
        text = raw.decode("utf-8", "backslashreplace")
        return ConsoleLine(self._number, end, text, self._sizes.when("console", end))


class Console:
    """Follows the consoles of all attempts from `first` on, oldest first."""

    def __init__(self, run: Run, first: int = 0, offset: int = 0) -> None:
        self._run, self._first, self._offset = run, first, offset
        self._attempts: dict[int, AttemptConsole] = {}

    def read(self, rest: bool = False) -> Iterator[ConsoleLine]:
        for attempt in self._run.attempts():
            number = attempt.number
            if number < self._first:
                continue
            if number not in self._attempts:
                offset = self._offset if number == self._first else 0
                self._attempts[number] = AttemptConsole(attempt, offset)
            yield from self._attempts[number].read(rest)


def last_lines(attempt: Attempt, count: int) -> int:
    """The offset at which the last `count` lines of a console begin."""
    try:
        fd = os.open(attempt.console, os.O_RDONLY | system.RAW)
    except FileNotFoundError:
        return 0
    with open(fd, "rb") as file:
        end = os.fstat(fd).st_size
        # A newline at the very end ends a line and begins none.
        at = end - 1 if end and system.read_at(fd, 1, end - 1) == b"\n" else end
        while at > 0 and end - at < FARTHEST:
            begin = max(at - 65536, 0)
            block = system.read_at(file.fileno(), at - begin, begin)
            found = len(block)
            while count and (found := block.rfind(b"\n", 0, found)) >= 0:
                count -= 1
                if not count:
                    return begin + found + 1
            at = begin
    return max(at, 0)
