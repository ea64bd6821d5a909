"""Files that appear whole or not at all, with their SHA-256: a full disk or a kill leaves what was there before."""

from __future__ import annotations

import errno
import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from engine.errors import Unusable

PIECE = 1 << 20


class Landing:
    """A file on its way; its name may be decided by what was written."""

    def __init__(self, file: BinaryIO, path: Path) -> None:
        self._file, self._mark = file, hashlib.sha256()
        self.path = path
        self.bytes = 0

    def write(self, data: bytes) -> None:
        self._file.write(data)
        self._mark.update(data)
        self.bytes += len(data)

    @property
    def sha256(self) -> str:
        return self._mark.hexdigest()


class NoRoom(Unusable):
    """The disk is full."""


@contextmanager
def room(path: Path, fix: str = "free room and do the same again") -> Iterator[None]:
    """A disk that is full below is told as that, with the place."""
    try:
        yield
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise
        raise NoRoom(f"{path}: the disk is full", fix) from None


@contextmanager
def landing(path: Path) -> Iterator[Landing]:
    """Write beside the place; set `path` of what is given to land under another name."""
    hidden = path.parent / f".{path.name}.{os.getpid()}.tmp"
    try:
        with room(path.parent):
            path.parent.mkdir(parents=True, exist_ok=True)
            with hidden.open("wb", buffering=PIECE) as file:
                land = Landing(file, path)
                yield land
                file.flush()
                os.fsync(file.fileno())
            os.replace(hidden, land.path)
    finally:
        hidden.unlink(missing_ok=True)


def sha256(path: Path) -> str:
    mark = hashlib.sha256()
    with path.open("rb") as file:
        while piece := file.read(PIECE):
            mark.update(piece)
    return mark.hexdigest()
