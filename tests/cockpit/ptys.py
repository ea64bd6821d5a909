"""The cockpit in a real terminal: keys in, bytes out, and how it left the terminal."""

from __future__ import annotations

import os
import pty
import select
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fcntl import ioctl
from pathlib import Path

ROOT = Path(__file__).parents[2]
START_S, KEY_S, END_S = 40.0, 0.5, 30.0
Keys = Sequence[tuple[str, bytes]]
"""What is typed, and what it must bring."""


@dataclass(frozen=True)
class Session:
    """All that a terminal would have been sent, the exit status, and whether lines are edited and echoed again."""

    sent: bytes
    status: int
    cooked: bool

    def told(self) -> tuple[bytes, int]:
        return self.sent, self.status


def session(
    home: Path,
    keys: Keys,
    first: str = "",
    args: Sequence[str] = (),
    environ: Mapping[str, str] | None = None,
) -> Session:
    """`first` is run before the cockpit is. `q` is typed at the end."""
    parent, child = pty.openpty()
    ioctl(child, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 120, 0, 0))
    env = {**os.environ, "PYTHONPATH": str(ROOT), "TERM": "xterm-256color",
           "COLORTERM": "truecolor", **(environ or {})}  # fmt: skip
    code = f"{first}\nimport sys; from cockpit.cli import main; sys.exit(main({list(args)!r}))"
    process = subprocess.Popen(
        [sys.executable, "-c", code], stdin=child, stdout=child, stderr=child, env=env, cwd=home,
        start_new_session=True,
    )  # fmt: skip
    sent = _read(parent, START_S, b" open ")  # offered once the run is read
    for key, brings in keys:
        os.write(parent, key.encode())
        came = _read(parent, START_S, brings) if brings else b""
        assert brings in came, (key, brings, came[-400:])
        sent += came + _read(parent, KEY_S)
    os.write(parent, b"q")
    sent += _read(parent, END_S, b"\x1b[?1049l")
    status = process.wait(END_S)
    sent += _read(parent, 0.3)
    flags = termios.tcgetattr(child)[3]
    os.close(child)
    os.close(parent)
    return Session(sent, status, bool(flags & termios.ICANON and flags & termios.ECHO))


def _read(fd: int, seconds: float, until: bytes | None = None) -> bytes:
    found, end = b"", time.monotonic() + seconds
    while time.monotonic() < end and (until is None or until not in found):
        if select.select([fd], [], [], 0.05)[0]:
            try:
                found += os.read(fd, 1 << 16)
            except OSError:  # the other end is closed
                break
    return found
