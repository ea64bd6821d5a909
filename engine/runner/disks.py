"""Free space under some paths, a thread for each: a dead network drive never answers."""

from __future__ import annotations

import os
import threading
from dataclasses import dataclass
from typing import Sequence


@dataclass(frozen=True)
class DiskReading:
    """Bytes. None: not there, or its file system does not answer."""

    path: str
    free: int | None = None  # for an ordinary user
    total: int | None = None


class Disks:
    """Ask all paths, take what has been answered. Never waits."""

    def __init__(self, paths: Sequence[str]) -> None:
        self._askers = [_Asker(path) for path in paths]

    def ask(self) -> None:
        for asker in self._askers:
            asker.ask()

    def answered(self) -> bool:
        return not any(asker.busy for asker in self._askers)

    def readings(self) -> tuple[DiskReading, ...]:
        """In the order of the paths; nothing but the path of one that has not answered."""
        return tuple(
            DiskReading(asker.path) if asker.busy else asker.reading for asker in self._askers
        )


class _Asker:
    def __init__(self, path: str) -> None:
        self.path = path
        self.reading = DiskReading(path)
        self.busy = False
        self._asked = threading.Event()
        self._thread: threading.Thread | None = None

    def ask(self) -> None:
        if self.busy:
            return
        self.busy = True
        self._asked.set()
        if self._thread is None:
            self._thread = threading.Thread(target=self._work, name="disk", daemon=True)
            self._thread.start()

    def _work(self) -> None:
        while True:
            self._asked.wait()
            self._asked.clear()
            self.reading = space(self.path)
            self.busy = False


def space(path: str) -> DiskReading:
    """What the file system says now; may take for ever."""
    try:
        found = os.statvfs(path)
    except (OSError, AttributeError):  # AttributeError: a system without statvfs
        return DiskReading(path)
    return DiskReading(path, found.f_bavail * found.f_frsize, found.f_blocks * found.f_frsize)
