"""The probe's process seen from the runner: start it, order readings, hear answers, kill it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from contextlib import suppress
from typing import Sequence

# The folder or the zipapp that holds the package `engine`.
HOME = os.path.abspath(__file__).rsplit(os.sep, 4)[0]
BOOT = (
    "import sys; sys.path.insert(0, sys.argv[1]); from engine.runner.nvml.probe import main; main()"
)
LONGEST_LINE = 1 << 20
DEATH_S = 0.2


def argv() -> list[str]:
    """The probe's command: isolated (-I), without site packages (-S), to start small and fast."""
    return [sys.executable, "-I", "-S", "-c", BOOT, HOME]


class Child:
    """One probe process, leader of its own session so that killing it takes nvidia-smi along."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            argv(),
            bufsize=0,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        assert self._process.stdin and self._process.stdout
        self._orders, self._answers = self._process.stdin, self._process.stdout
        os.set_blocking(self._answers.fileno(), False)
        self._rest = b""

    @property
    def pid(self) -> int:
        return self._process.pid

    def order(self, indices: Sequence[int]) -> None:
        """Ask for readings. A dead child is noticed by `hear`."""
        with suppress(BrokenPipeError):
            self._orders.write((" ".join(map(str, indices)) + "\n").encode())

    def hear(self) -> tuple[list[bytes], bool]:
        """The whole lines that came, and whether more may come."""
        while len(self._rest) < LONGEST_LINE:
            try:
                piece = os.read(self._answers.fileno(), 65536)
            except BlockingIOError:
                piece = None
            if not piece:
                *lines, self._rest = self._rest.split(b"\n")
                return lines, piece is None
            self._rest += piece
        return [], False

    def kill(self) -> bool:
        """End it and all it started; whether it is gone. Waits no longer than dying takes."""
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._orders.close()
        self._answers.close()
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(DEATH_S)
        return self.gone()

    def gone(self) -> bool:
        """Also true, later, of one that was stuck in the driver when it was killed."""
        return self._process.poll() is not None
