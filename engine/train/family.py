"""The ranks that rank 0 started itself: none outlives it, and it outlives none of them by mistake.

A rank that dies leaves the others waiting in an exchange for ever, so each side watches the other: the children hold
the reading end of a pipe that closes with their parent, the parent waits for each child in a thread.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading

from engine.emit import event
from engine.train.asked import STOPPED

LIFELINE = "COCKPIT_LIFELINE"
"""The number of the pipe's reading end, in a child's environment."""
OWN_END_S = 10.0
"""After a child failed: as long as the parent may need to meet the same fault, and to say it, by itself."""


class Family:
    """Ranks 1 and up, as children of this process."""

    def __init__(self, count: int, argv: list[str]) -> None:
        reading, self._held = os.pipe()
        self._ending = threading.Event()
        self._children = [
            subprocess.Popen(
                [sys.executable, "-m", "engine.train", *argv],
                env={**os.environ, "RANK": str(n), "LOCAL_RANK": str(n), LIFELINE: str(reading)},
                pass_fds=(reading,),
            )
            for n in range(1, count)
        ]
        os.close(reading)
        for rank, child in enumerate(self._children, 1):
            threading.Thread(target=self._watch, args=(rank, child), daemon=True).start()

    def wait(self) -> None:
        """Until all have come to their own end."""
        self._ending.set()
        for child in self._children:
            child.wait()

    def end(self) -> None:
        """At once, saying which of them ended before this process did."""
        self._ending.set()
        for rank, child in enumerate(self._children, 1):
            status = child.poll()
            if status not in (None, 0, STOPPED):
                _tell(rank, status)
            child.kill()
            child.wait()

    def _watch(self, rank: int, child: subprocess.Popen[bytes]) -> None:
        status = child.wait()
        if status in (0, STOPPED) or self._ending.wait(OWN_END_S):
            return
        _tell(rank, status)
        for other in self._children:
            other.kill()
        os._exit(1)


def hold_on() -> None:
    """In a child: end when the parent is gone, wherever this process may be waiting."""
    reading = os.environ.pop(LIFELINE, None)
    if reading is not None:
        threading.Thread(target=_end_with, args=(int(reading),), daemon=True).start()


def _end_with(reading: int) -> None:
    os.read(reading, 1)
    os._exit(1)


def _tell(rank: int, status: int) -> None:
    words = f"rank {rank} ended with {_spoken(status)}: the others cannot go on without it"
    event("said", text=words, level="error")
    print(f"error: {words}", file=sys.stderr, flush=True)


def _spoken(status: int) -> str:
    if status >= 0:
        return f"exit status {status}"
    out = ", as when memory is full" if status == -signal.SIGKILL else ""
    return f"signal {-status}{out}"
