"""The lines of a run's consoles by number: where each ends, and nothing of what it says until somebody looks.

A million lines are eight megabytes here. Bars that redraw themselves are one line, with the count of what was folded.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from cockpit.watching.clock import Clock
from engine import system, vault
from engine.cli.console import Cutter
from engine.columns.series import Ints, frozen
from engine.columns.store import Growing
from engine.journal import Follower
from engine.runs import Attempt, Run
from engine.sizes import Sizes
from engine.timeline import BLOCK

CAP = 64 * 1024
"""Bytes of a line that are looked at."""


@dataclass(frozen=True)
class ConsoleLine:
    """`number` counts from 0 over all attempts; `end` is the offset behind it in its file."""

    number: int
    attempt: int
    end: int
    text: str
    t: float | None
    folded: int


@dataclass(frozen=True, eq=False)
class Part:
    """The console of one attempt, as far as it is there."""

    attempt: int
    path: Path
    ends: Ints
    sizes: Sizes

    def raw(self, index: int) -> bytes:
        begin = int(self.ends[index - 1]) if index else 0
        end = int(self.ends[index])
        try:
            fd = vault.descriptor(self.path)
        except OSError:
            return b""
        try:
            if end - begin <= CAP:
                return system.read_at(fd, end - begin, begin)
            # Its beginning, and its newest bytes, which a redrawn bar ends in.
            return system.read_at(fd, CAP // 2, begin) + system.read_at(
                fd, CAP // 2, end - CAP // 2
            )
        finally:
            os.close(fd)

    def line(self, index: int, number: int) -> ConsoleLine:
        raw = self.raw(index)
        end = int(self.ends[index])
        shown = b"".join(line for line, _ in Cutter().feed(raw.rstrip(b"\n") + b"\n"))
        text = shown.decode("utf-8", "backslashreplace")
        folded = raw.rstrip(b"\r\n").count(b"\r")
        return ConsoleLine(number, self.attempt, end, text, self.sizes.when("console", end), folded)


@dataclass(frozen=True, eq=False)
class Console:
    """All attempts' lines, oldest first."""

    parts: tuple[Part, ...] = ()

    def __len__(self) -> int:
        return sum(len(part.ends) for part in self.parts)

    def line(self, number: int) -> ConsoleLine:
        for part, first in self._starts():
            if number < first + len(part.ends):
                return part.line(number - first, number)
        raise IndexError(number)

    def tail(self, count: int) -> list[ConsoleLine]:
        length = len(self)
        return [self.line(number) for number in range(max(length - count, 0), length)]

    def at(self, attempt: int, end: int) -> int | None:
        """The line that holds the byte before this offset."""
        for part, first in self._starts():
            if part.attempt == attempt and len(part.ends):
                place = int(np.searchsorted(part.ends, end, "left"))
                return first + min(place, len(part.ends) - 1)
        return None

    def near(self, attempt: int, end: int | None, t: float) -> int | None:
        """The line that ends there; where that is unknown, the one that stood there at this time."""
        if end is not None:
            return self.at(attempt, end)
        sizes = next((part.sizes for part in self.parts if part.attempt == attempt), None)
        notes = sizes.notes("console") if sizes is not None else ()
        offset = next((size for at, size in notes if at >= t), None)
        return self.at(attempt, offset) if offset else None

    def _starts(self) -> Iterator[tuple[Part, int]]:
        first = 0
        for part in self.parts:
            yield part, first
            first += len(part.ends)


class _Index:
    """Follows one console: where its lines end, and when its bytes came."""

    def __init__(self, attempt: Attempt, sizes: Sizes) -> None:
        self.attempt, self.sizes = attempt, sizes
        self.reset()
        self._console = Follower(attempt.console)

    def reset(self) -> None:
        self._ends: Growing = Growing(np.empty(0, np.int64))
        self._torn = 0

    def read(self, most: int) -> int:
        """Read on, about so many bytes; how many were read."""
        done = 0
        while done < most and (piece := self._console.read(BLOCK)).data:
            if piece.reset is not None:
                self.reset()
            found = np.flatnonzero(np.frombuffer(piece.data, np.uint8) == 10) + piece.offset + 1
            self._ends.extend(found.astype(np.int64))
            self._torn = piece.end
            done += len(piece.data)
        return done

    def part(self, reach: int) -> Part:
        """Lines that end within reach, and at its edge one that nobody ended."""
        ends = self._ends.view()
        ends = ends[: int(np.searchsorted(ends, reach, "right"))]
        last, edge = int(ends[-1]) if len(ends) else 0, min(self._torn, reach)
        if edge > last:
            ends = np.append(ends, edge)
        return Part(self.attempt.number, self.attempt.console, frozen(ends), self.sizes)


class Lines:
    """Follows the consoles of a run."""

    def __init__(self, run: Run, clock: Clock) -> None:
        self._run, self._clock = run, clock
        self._parts: dict[int, _Index] = {}

    def read(self, most: int = 64 << 20) -> None:
        for attempt in self._run.attempts():
            if attempt.number not in self._parts:
                sizes = self._clock.sizes(attempt)
                self._parts[attempt.number] = _Index(attempt, sizes)
            most -= self._parts[attempt.number].read(most)

    def console(self, reach: dict[str, int] | None = None) -> Console:
        """What is there of them, all or as far as is said."""
        whole = 1 << 62
        reach = reach or {}
        parts = (
            index.part(reach.get(f"{number}/console", whole))
            for number, index in sorted(self._parts.items())
        )
        return Console(tuple(part for part in parts if len(part.ends)))
