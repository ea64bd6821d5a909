"""A small file that is given up, a page at a time, so that the last facts fit on a full disk.

A page at a time, because whoever filled the disk takes what is freed as well.
"""

from __future__ import annotations

import os

SIZE = 64 * 1024
PAGE = 4096


class Reserve:
    """The file exists from the start; each release leaves it one page shorter."""

    def __init__(self, path: str) -> None:
        self._path = path

    def refill(self) -> bool:
        """Take the room where there is enough; False on a disk that is full."""
        flags = os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC
        try:
            fd = os.open(self._path, flags, 0o600)
        except OSError:
            return False
        try:
            missing = SIZE - os.fstat(fd).st_size
            if missing > 0:
                os.lseek(fd, 0, os.SEEK_END)
                os.write(fd, b"\xa5" * missing)
            return os.fstat(fd).st_size >= SIZE
        except OSError:
            return False
        finally:
            os.close(fd)

    def release(self) -> bool:
        """Free one page; False when nothing is left."""
        try:
            size = os.stat(self._path).st_size
            os.truncate(self._path, max(0, size - PAGE))
        except OSError:
            return False
        return size > 0

    def remove(self) -> None:
        """At the end of the attempt."""
        try:
            os.unlink(self._path)
        except OSError:
            return
