"""Segments on disk: append durably, follow from an offset.

One writer at a time, held by a lock on the file itself. A writer first ends a torn tail. A follower hands out bytes as
they are and notices when the file under it was truncated or replaced. Neither knows what an event means. Standard
library, Python 3.8: the runner carries it.
"""

from __future__ import annotations

import errno
import os
import time
from dataclasses import dataclass
from typing import Union

from engine import system, vault
from engine.events import Event, Row, encode

HEAD = 256
"""Bytes at the start of a file by which a replacement of equal inode is recognised."""

Path = Union[str, "os.PathLike[str]"]


class Held(Exception):
    """Another process writes this segment."""


class Suspect(Exception):
    """The disk refused a sync: what was written since the last good one may be gone. Asking again proves nothing."""


class Writer:
    """The one writer of a segment. `append` is in the kernel when it returns, `sync` is on the disk."""

    def __init__(self, path: Path) -> None:
        flags = os.O_RDWR | os.O_APPEND | os.O_CREAT | system.RAW
        self.path = path
        self._fd = os.open(path, flags, 0o600)
        try:
            free = system.lock(self._fd)
        except OSError:
            os.close(self._fd)
            raise
        if not free:
            os.close(self._fd)
            raise Held(str(path))
        self._torn = self._ends_torn()

    def _ends_torn(self) -> bool:
        size = os.fstat(self._fd).st_size
        return size > 0 and system.read_at(self._fd, 1, size - 1) != b"\n"

    def append(self, event: Event | Row, durable: bool = False) -> None:
        """Write one line; with `durable` it survives a power cut once this returns."""
        line = encode(event)
        if self._torn:
            line = b"\n" + line
        self._torn = True
        written = os.write(self._fd, line)
        if written < len(line) - 1:
            raise OSError(errno.ENOSPC, "the disk took half a line", str(self.path))
        # With only its end missing the fact is there; written again, it would be there twice.
        self._torn = written != len(line)
        if durable:
            self.sync()

    def sync(self) -> None:
        try:
            os.fsync(self._fd)
        except OSError as error:
            raise Suspect(f"{self.path}: {error.strerror}") from error

    def close(self) -> None:
        """Gives the segment up. Closing twice is closing once."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1


@dataclass(frozen=True)
class Piece:
    """Bytes of a file from an offset on. `reset` says why reading began anew at 0, where it did."""

    data: bytes
    offset: int
    reset: str | None = None

    @property
    def end(self) -> int:
        return self.offset + len(self.data)


class Follower:
    """Reads a growing file from an offset on. A file that does not exist yet is an empty one."""

    def __init__(self, path: Path, offset: int = 0) -> None:
        self.path = path
        self.offset = offset
        self._inode: tuple[int, int] | None = None
        self._head = b""

    def read(self, most: int = 1 << 20) -> Piece:
        """What came since the last call, `most` bytes at a time; empty when nothing did."""
        try:
            fd = vault.descriptor(self.path)
        except FileNotFoundError:
            return Piece(b"", self.offset)
        try:
            reset = self._changed(fd)
            if reset is not None:
                self.offset = 0
                self._head = b""
            piece = Piece(system.read_at(fd, most, self.offset), self.offset, reset)
            self.offset = piece.end
            self._remember(fd)
        finally:
            os.close(fd)
        return piece

    def _changed(self, fd: int) -> str | None:
        status = os.fstat(fd)
        if self._inode is not None and (status.st_dev, status.st_ino) != self._inode:
            return "replaced"
        if status.st_size < self.offset:
            return "truncated"
        if self._head and system.read_at(fd, len(self._head), 0) != self._head:
            return "rewritten"
        return None

    def _remember(self, fd: int) -> None:
        status = os.fstat(fd)
        self._inode = (status.st_dev, status.st_ino)
        if len(self._head) < HEAD:
            self._head = system.read_at(fd, min(HEAD, self.offset), 0)


def replace(path: Path, data: bytes) -> None:
    """A small file appears whole or not at all, also after a power cut."""
    hidden = f"{os.fspath(path)}.{os.getpid()}.{time.monotonic_ns()}.tmp"
    fd = os.open(hidden, os.O_WRONLY | os.O_CREAT | os.O_EXCL | system.RAW, 0o600)
    try:
        with os.fdopen(fd, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(hidden, path)
    except OSError:
        if os.path.exists(hidden):
            os.unlink(hidden)
        raise
    sync_folder(os.path.dirname(os.fspath(path)) or ".")


def sync_folder(path: Path) -> None:
    """Makes a rename in this folder durable."""
    system.sync_folder(path)
