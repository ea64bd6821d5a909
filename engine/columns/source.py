"""A segment on disk as columns: what was kept of it, what came since, and what was replaced."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from engine import system
from engine.columns import cache
from engine.columns.columns import Columns, Saved
from engine.columns.series import Table
from engine.dialects import Lens
from engine.journal import Follower
from engine.runs import Attempt, Run

WORTH = 4 << 20
"""Bytes that must have been read since the last keeping before another one pays."""


class Source:
    """Follows one segment. With a lens it is a console, else a trainer's. `kept` is where its cache lies."""

    def __init__(self, path: Path, kept: Path | None = None, lens: Lens | None = None) -> None:
        self.path = path
        self._kept = kept
        self._lens = lens
        start = self._load() or Saved()
        self._saved = start.offset
        self._follower = Follower(path, start.offset)
        self.columns = Columns(lens, start)

    def poll(self, most: int | None = None) -> Table:
        """The table after everything that is on disk now, or after `most` more bytes; what was read anew is kept."""
        end = None if most is None else self._follower.offset + most
        while True:
            piece = self._follower.read()
            if piece.reset is not None:
                self.columns, self._saved = Columns(self._lens), 0
            self.columns.feed(piece.data)
            if not piece.data or (end is not None and piece.end >= end):
                break
        if self._follower.offset - self._saved >= max(WORTH, self._saved // 4):
            self.save()
        return self.columns.table()

    @property
    def behind(self) -> int:
        """Bytes on disk that were not read yet."""
        try:
            return max(os.stat(self.path).st_size - self._follower.offset, 0)
        except OSError:
            return 0

    @property
    def _asked(self) -> str | None:
        return None if self._lens is None else self._lens.key

    def save(self) -> bool:
        """Keep what was read, for whoever opens this segment next."""
        saved = self.columns.saved()
        if self._kept is None or saved.offset == self._saved:
            return False
        self._saved = saved.offset
        try:
            with _opened(self.path) as fd:
                return cache.save(self._kept, fd, self._asked, saved)
        except (OSError, ValueError):
            return False

    def _load(self) -> Saved | None:
        if self._kept is None:
            return None
        try:
            with _opened(self.path) as fd:
                return cache.load(self._kept, fd, self._asked)
        except OSError:
            return None


def of_trainer(run: Run, attempt: Attempt) -> Source:
    """The rows that the trainer told itself."""
    return Source(attempt.trainer, run.cache / f"{attempt.number}-trainer.columns")


def of_files(run: Run, attempt: Attempt) -> Source:
    """The rows that the runner found in files of the script."""
    return Source(attempt.files, run.cache / f"{attempt.number}-files.columns")


def of_console(run: Run, attempt: Attempt, lens: Lens) -> Source:
    """The rows that a dialect finds in the console."""
    return Source(attempt.console, run.cache / f"{attempt.number}-console.columns", lens)


@contextmanager
def _opened(path: Path) -> Iterator[int]:
    fd = os.open(path, os.O_RDONLY | system.RAW)
    try:
        yield fd
    finally:
        os.close(fd)
