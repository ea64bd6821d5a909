"""A segment of events folded up to any of its lines: where it stood is kept now and then, to go back by."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable
from typing import Generic, TypeVar

from engine import vault
from engine.events import Event, Lines, Row, Segment, decode

EVERY = 8 << 10
"""Bytes between two places that are kept."""
Facts = TypeVar("Facts")


class Stair(Generic[Facts]):
    """`fold` gives new facts and never changes old ones."""

    def __init__(
        self,
        path: vault.Path,
        segment: Segment,
        fold: Callable[[Facts, Event], Facts],
        first: Facts,
    ) -> None:
        self._path, self._segment, self._fold = path, segment, fold
        self._offsets = [0]
        self._kept: list[tuple[Facts, int]] = [(first, 0)]

    def at(self, end: int) -> tuple[Facts, int]:
        """The facts at the end of a line, and how many lines before it held none."""
        place = bisect_right(self._offsets, end) - 1
        at, (facts, bad) = self._offsets[place], self._kept[place]
        lines = Lines(at)
        with vault.opened(self._path) as file:
            file.seek(at)
            while at < end and (data := file.read(min(EVERY, end - at))):
                for line, offset in lines.feed(data):
                    fact = decode(line, self._segment)
                    if fact is None or isinstance(fact, Row):
                        bad += bool(line.strip())
                    else:
                        facts = self._fold(facts, fact)
                    if offset >= self._offsets[-1] + EVERY:
                        self._offsets.append(offset)
                        self._kept.append((facts, bad + lines.oversized))
                at += len(data)
        return facts, bad + lines.oversized
