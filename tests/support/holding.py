"""A test that stands in for a run's keeper."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from engine.journal import Writer
from engine.runs import Run

LEAVE_S = 30.0


@contextmanager
def keeping(run: Run) -> Iterator[None]:
    """This process holds the keeper's segment, so every other keeper ends at once, and is waited for."""
    writer = Writer(run.keeper)
    try:
        yield
        # One that starts late would find the segment free and keep the run.
        until = time.monotonic() + LEAVE_S
        while _keepers(run) and time.monotonic() < until:
            time.sleep(0.02)
    finally:
        writer.close()


def _keepers(run: Run) -> list[Path]:
    """Also one that has not begun to run Python: its command says whose it is."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            words = (entry / "cmdline").read_bytes().split(b"\0")
            if b"engine.keeper" in words and bytes(run.folder) in words:
                found.append(entry)
    return found
