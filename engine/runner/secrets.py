"""The values of the job's secrets: one line of JSON on standard input, or what the living trainer was given.

They stay in memory, for the trainer's environment and for redaction, and go nowhere else.
"""

from __future__ import annotations

import json
import os
import select
import sys
import time

from engine import procs
from engine.runner import records
from engine.runner.folder import Folder

PATIENCE_S = 10.0
MOST_BYTES = 1 << 20


def given(names: tuple[str, ...], folder: Folder) -> dict[str, str]:
    """The values of these names, as far as they can be had. Nothing is read when none are needed."""
    if not names:
        return {}
    found = _of_trainer(folder)
    if not all(name in found for name in names):
        found.update(_told())
    return {name: found[name] for name in names if name in found}


def _told() -> dict[str, str]:
    try:
        line = _line(sys.stdin.fileno())
        found = json.loads(line) if line else {}
    except (OSError, ValueError, AttributeError, RecursionError):
        return {}
    if not isinstance(found, dict):
        return {}
    return {k: v for k, v in found.items() if isinstance(v, str) and "\0" not in v}


def _line(fd: int) -> bytes:
    """The first line, for a while: a terminal or a forgotten pipe has none."""
    said, until = b"", time.monotonic() + PATIENCE_S
    while not said.endswith(b"\n") and len(said) < MOST_BYTES:
        if not select.select([fd], [], [], max(0.0, until - time.monotonic()))[0]:
            break
        piece = os.read(fd, 65536)
        if not piece:
            break
        said += piece
    return said


def _of_trainer(folder: Folder) -> dict[str, str]:
    trainer = records.read_pid(folder.pid)
    if trainer is None or not procs.alive(trainer):
        return {}
    pairs = [entry.partition(b"=") for entry in procs.environment(trainer.pid)]
    return {os.fsdecode(name): os.fsdecode(value) for name, _, value in pairs if name}
