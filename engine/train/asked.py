"""What the outside asks of a running trainer: SIGTERM saves and ends, SIGUSR1 saves and goes on.

Both also accept the keyboard's Ctrl-C as the first of them; a second Ctrl-C ends at once.
"""

from __future__ import annotations

import signal
from types import FrameType

STOPPED = 143
"""Exit status after a save on SIGTERM: 128 + 15, so that a stopped run never looks like a finished one."""


class Asked:
    """Flags set by signals, read between micro-batches."""

    def __init__(self) -> None:
        self.stop = False
        self.save = False

    def listen(self) -> None:
        signal.signal(signal.SIGTERM, self._stop)
        signal.signal(signal.SIGINT, self._stop)
        if hasattr(signal, "SIGUSR1"):
            signal.signal(signal.SIGUSR1, self._save)

    def _stop(self, number: int, frame: FrameType | None) -> None:
        self.stop = True
        signal.signal(signal.SIGINT, signal.default_int_handler)

    def _save(self, number: int, frame: FrameType | None) -> None:
        self.save = True
