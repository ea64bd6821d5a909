"""The files of an attempt as the far end follows them, and by what both ends know that they mean the same file."""

from __future__ import annotations

import hashlib
import os
from typing import Any, Mapping

from engine import journal, system
from engine.journal import HEAD, Follower
from engine.runner.frames import FILES, PIECE, SEGMENTS, Bytes


class Followed:
    """The files of one attempt, each from an offset on."""

    def __init__(self, number: int, folder: str, have: Mapping[str, Any]) -> None:
        self.number, self.folder = number, folder
        self._followers = {name: _follower(folder, name, have.get(name)) for name in SEGMENTS}

    def news(self) -> list[Bytes]:
        """At most one piece of each; the console last."""
        found = []
        for name, follower in self._followers.items():
            piece = follower.read(PIECE)
            if piece.data or piece.reset:
                found.append(Bytes(self.number, name, piece.offset, piece.data))
        return found

    def sizes(self) -> list[int]:
        """How long each file is now."""
        return [_size(follower.path) for follower in self._followers.values()]

    def held(self) -> bool:
        """Whether a runner has this attempt: it locks its journal for as long as it lives."""
        try:
            fd = os.open(os.path.join(self.folder, "runner.jsonl"), os.O_RDWR | os.O_CLOEXEC)
        except OSError:
            return False
        try:
            return not system.lock(fd)
        except OSError:
            return True
        finally:
            os.close(fd)


def _follower(folder: str, name: str, have: Any) -> Follower:
    """From where the keeper's copy ends, if it is a copy of this file at all."""
    path = os.path.join(folder, FILES[SEGMENTS.index(name)])
    size, head = have if isinstance(have, list) and len(have) == 2 else (0, "")
    same = isinstance(size, int) and size > 0 and digest(path, size) == head
    return Follower(path, size if same else 0)


def digest(path: str, size: int) -> str:
    """Of the beginning of a file that is at least so long; by it both ends know that they mean the same file."""
    try:
        with open(path, "rb") as file:
            if os.fstat(file.fileno()).st_size < size:
                return "shorter"
            return hashlib.sha256(file.read(min(size, HEAD))).hexdigest()[:16]
    except OSError:
        return "absent"


def _size(path: journal.Path) -> int:
    try:
        return os.stat(path).st_size
    except OSError:
        return 0
