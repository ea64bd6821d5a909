"""The two small files by which a trainer is known without its runner: `trainer.pid` and `exit.json`.

The child writes the first before it becomes the trainer, the nurse the second when the trainer has ended. Both are
durable before anything follows from them.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from typing import Any, Mapping

from engine import journal
from engine.events.base import number, whole
from engine.identity import Identity

ROOM = 4096
"""Bytes set aside for the exit record before the trainer starts, so that a full disk cannot take its place."""


@dataclass(frozen=True)
class Failure:
    """Why a command could not be executed at all."""

    reason: str
    errno: int | None = None

    @property
    def code(self) -> int:
        """What a shell would say: 127 not found, 126 found but not to be executed."""
        return 127 if self.errno == 2 else 126

    def as_table(self) -> dict[str, Any]:
        return {"reason": self.reason, "errno": self.errno}


@dataclass(frozen=True)
class Ending:
    """How the trainer ended, as its parent saw it. `t` is Unix seconds, `duration_s` monotonic."""

    code: int | None
    signal: int | None
    t: float | None = None
    oom: bool = False
    duration_s: float | None = None
    failure: Failure | None = None


def write_pid(path: str, trainer: Identity, nurse: Identity | None) -> None:
    body = {**trainer.as_table(), "nurse": nurse.as_table() if nurse else None}
    journal.replace(path, json.dumps(body).encode() + b"\n")


def read_pid(path: str) -> Identity | None:
    """The trainer's identity; None when the file holds none."""
    return _identity(_table(path))


def read_nurse(path: str) -> Identity | None:
    """Who waits for that trainer."""
    found = _table(path).get("nurse")
    return _identity(found) if isinstance(found, dict) else None


def _identity(found: Mapping[str, Any]) -> Identity | None:
    pid, start, boot = whole(found.get("pid")), whole(found.get("start")), found.get("boot")
    if pid is None or pid < 1 or start is None or not isinstance(boot, str):
        return None
    return Identity(pid, start, boot)


def read_exit(path: str) -> Ending | None:
    """The exit record; None while there is none."""
    found = _table(path)
    if not found:
        return None
    failed = found.get("failed")
    failure = None
    if isinstance(failed, dict):
        failure = Failure(str(failed.get("reason")), whole(failed.get("errno")))
    return Ending(
        code=whole(found.get("code")),
        signal=whole(found.get("signal")),
        t=number(found.get("t")),
        oom=found.get("oom") is True,
        duration_s=number(found.get("duration_s")),
        failure=failure,
    )


def make_room(path: str) -> int:
    """The exit record's blocks, taken while there are some; returns the open file."""
    flags = os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC
    fd = os.open(_hidden(path), flags, 0o600)
    if os.write(fd, b" " * ROOM) != ROOM:
        raise OSError(28, os.strerror(28), path)
    os.fsync(fd)
    return fd


def write_exit(path: str, fd: int, ending: Ending) -> None:
    """Into the room made before; whole or not at all, also after a power cut."""
    body = {
        "code": ending.code,
        "signal": ending.signal,
        "t": ending.t,
        "oom": ending.oom,
        "duration_s": ending.duration_s,
        "failed": ending.failure.as_table() if ending.failure else None,
    }
    data = json.dumps(body).encode() + b"\n"
    os.pwrite(fd, data, 0)
    os.ftruncate(fd, len(data))
    os.fsync(fd)
    os.replace(_hidden(path), path)
    journal.sync_folder(os.path.dirname(path))


def _hidden(path: str) -> str:
    folder, name = os.path.split(path)
    return os.path.join(folder, f".{name}")


def _table(path: str) -> dict[str, Any]:
    try:
        with open(path, "rb") as file:
            found = json.loads(file.read(1 << 16))
    except (OSError, ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}
