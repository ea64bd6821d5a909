"""The runner's own segment on a disk that may be full or failing. Nothing here raises for what a disk does.

A fact that matters waits until it can be written; a reading that has a successor is dropped. The first time the disk
is full, that is said in room kept back for it.
"""

from __future__ import annotations

import errno
import os
from collections import deque
from typing import Callable

from engine.events import Event, encode
from engine.events import runner as say
from engine.journal import Suspect, Writer
from engine.runner import clock
from engine.runner.reserve import Reserve

MOST_WAITING = 1000
FULL = (errno.ENOSPC, errno.EDQUOT)


class Ledger:
    """`tell` for facts, `mention` for readings. `heard` is called with the line of each fact that was written."""

    def __init__(self, writer: Writer, reserve: Reserve, heard: Callable[[bytes], None]) -> None:
        self._writer = writer
        self._reserve = reserve
        self._heard = heard
        self._waiting: deque[Event] = deque(maxlen=MOST_WAITING)
        self._full = False
        self._doubted = False
        reserve.refill()

    def tell(self, event: Event) -> None:
        """This fact must reach the disk: now, or as soon as there is room."""
        self._waiting.append(event)
        self.flush()

    def mention(self, event: Event) -> None:
        """Worth a line, but not one of the reserve's."""
        if not self.flush():
            return
        try:
            self._writer.append(event)
        except OSError as error:
            self._full_now(error)
            self.flush()
            return
        self._heard(encode(event))
        if self._full and self._reserve.refill():
            self._full = False

    def flush(self) -> bool:
        """Write what waits; True when nothing does any more."""
        while self._waiting:
            event = self._waiting.popleft()
            if not self._write(event):
                self._waiting.appendleft(event)
                return False
        return True

    def _write(self, event: Event) -> bool:
        """One fact, into pages of the reserve where the disk is full."""
        while True:
            try:
                self._writer.append(event, durable=True)
            except Suspect as error:
                self._doubt(error)
            except OSError as error:
                if self._full_now(error) and self._reserve.release():
                    continue
                return False
            self._heard(encode(event))
            return True

    def _full_now(self, error: OSError) -> bool:
        """It was room that was missing; the first time that is a fact of its own."""
        if error.errno not in FULL:
            return False
        if not self._full:
            self._full = True
            path = str(self._writer.path)
            self._waiting.append(say.DiskFilled(clock.wall(), path, _free(path)))
        return True

    def _doubt(self, error: Suspect) -> None:
        """Said once; asking the disk again would only hide it."""
        if not self._doubted:
            self._doubted = True
            self._waiting.append(say.SyncRefused(clock.wall(), str(error)))

    def close(self) -> bool:
        """Give the reserve and the segment back, once everything is written; False while it is not."""
        while not self.flush():
            if not self._reserve.release():
                return False
        self._reserve.remove()
        self._writer.close()
        return True


def _free(path: str) -> int | None:
    try:
        found = os.statvfs(os.path.dirname(path))
    except OSError:
        return None
    return found.f_bavail * found.f_frsize
