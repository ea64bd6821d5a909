"""Reads what the trainer writes, behind it and at a small share of a core, for the rules.

When the trainer writes faster than the share allows, the newest part of each interval is read and the rest counted:
a rule that looks at the present is better than one that falls behind.
"""

from __future__ import annotations

import os
import time
from dataclasses import dataclass

from engine.journal import Follower
from engine.scalars import AttemptFold

SHARE = 0.05
"""Of one core."""
INTERVAL_S = 1.0
FIRST_S = 1.0
"""CPU seconds for what is already there when a runner begins, and for what is left when the trainer has ended."""
PIECE = 64 * 1024
SPEED = 4e6
"""Bytes in a CPU second until it was measured."""


@dataclass(frozen=True)
class Sizes:
    """Bytes of the trainer's two files."""

    console: int
    trainer: int


@dataclass(frozen=True)
class Note:
    """What the journal should know of the reading: a file that began anew (`reset`), or bytes that were left out."""

    file: str
    reset: str | None = None
    skipped: int = 0


class Reading:
    """Feeds a fold from `trainer.jsonl` and `console.log`."""

    def __init__(self, fold: AttemptFold, trainer: str, console: str) -> None:
        self._fold = fold
        self._paths = (console, trainer)
        self._files = {"trainer": Follower(trainer), "console": Follower(console)}
        self.left_s = FIRST_S
        self._refilled = time.monotonic()
        self.speed = SPEED
        self._skipped = {"trainer": 0, "console": 0}

    def sizes(self) -> Sizes:
        """As they are now; a file that does not exist is empty."""
        return Sizes(*map(_size, self._paths))

    def read(self, sizes: Sizes) -> list[Note]:
        """Catch up as far as the share allows."""
        self._refill()
        notes = self._catch_up("trainer", sizes.trainer)
        if self._fold.speaks:
            return notes + self._pass_over("console", sizes.console)
        return notes + self._catch_up("console", sizes.console)

    def reread(self) -> None:
        """The console from its start, for a fold that looks at it through another lens."""
        self._files["console"] = Follower(self._paths[0])
        self._fold.restart("console")

    def finish(self) -> list[Note]:
        """The trainer has ended: the rest, as far as one CPU second goes."""
        self.left_s = FIRST_S
        return self.read(self.sizes()) + self.skipped()

    def skipped(self) -> list[Note]:
        """Bytes left out since this was last asked."""
        notes = [Note(name, skipped=count) for name, count in self._skipped.items() if count]
        self._skipped = dict.fromkeys(self._skipped, 0)
        return notes

    def _refill(self) -> None:
        now = time.monotonic()
        if now - self._refilled >= INTERVAL_S:
            self._refilled = now
            if self.left_s < SHARE:
                self.left_s = min(SHARE, self.left_s + SHARE)

    def _catch_up(self, name: str, size: int) -> list[Note]:
        follower = self._files[name]
        notes: list[Note] = []
        if size == follower.offset or self.left_s <= 0:
            return notes
        self._drop_excess(name, size)
        while self.left_s > 0:
            began = time.thread_time()
            try:
                piece = follower.read(PIECE)
            except OSError:
                break  # made unreadable, or a disk that fails; the sizes are known all the same
            if piece.reset is not None:
                self._fold.restart(name)
                notes.append(Note(name, reset=piece.reset))
            self._fold.feed(name, piece.data)
            self._spend(len(piece.data), time.thread_time() - began)
            if not piece.data:
                break
        return notes

    def _spend(self, count: int, seconds: float) -> None:
        self.left_s -= seconds
        if count == PIECE and seconds > 0:
            self.speed += 0.2 * (count / seconds - self.speed)

    def _drop_excess(self, name: str, size: int) -> None:
        """Go on at the newest part that can be afforded, at the start of a line."""
        follower = self._files[name]
        most = max(PIECE, int(self.speed * self.left_s))
        if size - follower.offset <= most:
            return
        start = size - most
        start += _rest_of_line(follower.path, start)
        self._skipped[name] += start - follower.offset
        follower.offset = start
        self._fold.restart(name, start)

    def _pass_over(self, name: str, size: int) -> list[Note]:
        """No rule needs this file; only notice that it began anew."""
        follower = self._files[name]
        if size == follower.offset:
            return []
        try:
            reset = follower.read(0).reset
        except OSError:
            reset = None
        follower.offset = size
        return [Note(name, reset=reset)] if reset else []


def _rest_of_line(path: object, offset: int) -> int:
    """Bytes up to the next line's start, as far as one piece goes."""
    try:
        with open(str(path), "rb") as file:
            file.seek(offset)
            found = file.read(PIECE)
    except OSError:
        return 0
    ends = [at for at in (found.find(b"\n"), found.find(b"\r")) if at >= 0]
    return min(ends) + 1 if ends else len(found)


def _size(path: str) -> int:
    try:
        return os.stat(path).st_size
    except OSError:
        return 0
