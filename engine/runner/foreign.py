"""A trainer that was running before anybody watched it: `foreign.json`, and its log brought into the console's file.

The log stays where it is and goes on being written there; its bytes are copied behind it, so that the record stands
when the log is removed. A runner that is killed leaves a copy that its successor goes on with.
"""

from __future__ import annotations

import json
import os

from engine.journal import Follower

PIECE = 1 << 20
PIECES = 16
"""In one look, so that beats go on while an old log is copied."""


def read(path: str) -> tuple[bool, str | None]:
    """Whether the trainer of this attempt is somebody else's, and its log."""
    try:
        with open(path, "rb") as file:
            log = json.loads(file.read(1 << 16)).get("log")
    except FileNotFoundError:
        return False, None
    except (OSError, ValueError, AttributeError):
        return True, None
    return True, log if isinstance(log, str) else None


class Copier:
    """Keeps a copy of a growing log. A log that begins anew goes on behind what is there."""

    def __init__(self, log: str | None, console: str) -> None:
        self._console = console
        self._follower = None if log is None else Follower(log, _size(console))

    def copy(self) -> None:
        """Bring over what is new."""
        for _ in range(PIECES if self._follower is not None else 0):
            assert self._follower is not None
            before = self._follower.offset
            try:
                piece = self._follower.read(PIECE)
                self._append(piece.data)
            except OSError:
                self._follower.offset = before
                return  # a full disk, or a log that cannot be read now: the next look tries again
            if not piece.data:
                return

    def _append(self, data: bytes) -> None:
        if not data:
            return
        fd = os.open(self._console, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            size = os.fstat(fd).st_size
            if os.write(fd, data) != len(data):
                os.ftruncate(fd, size)
                raise OSError(28, os.strerror(28), self._console)
        finally:
            os.close(fd)


def _size(path: str) -> int:
    try:
        return os.stat(path).st_size
    except OSError:
        return 0
