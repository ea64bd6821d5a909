"""A long road to a network namespace: real kernel TCP on both ends, delay, loss and silence in between. Needs root."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from types import TracebackType

TUNNEL = Path(__file__).with_name("tunnel.py")


def possible() -> bool:
    return (
        os.geteuid() == 0 and os.access("/dev/net/tun", os.W_OK) and shutil.which("ip") is not None
    )


class Link:
    """`near` and `far` are the two ends' addresses; `inside` is how a command is run at the far end."""

    def __init__(self, number: int = 7) -> None:
        mark = f"{os.getpid() % 10000}{number}"
        self.space, self._ends = f"cockpit{mark}", (f"ck{mark}a", f"ck{mark}b")
        self.near, self.far = f"10.99.{number}.1", f"10.99.{number}.2"
        self.inside = ("ip", "netns", "exec", self.space)
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Link:
        words = [sys.executable, "-S", "-B", str(TUNNEL), *self._ends]
        self._process = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        assert self._process.stdout and self._process.stdout.readline() == b"ready\n"
        near, far = self._ends
        _ip("netns", "add", self.space)
        _ip("link", "set", far, "netns", self.space)
        _ip("addr", "add", f"{self.near}/30", "dev", near)
        _ip("link", "set", near, "up")
        for words in (["addr", "add", f"{self.far}/30", "dev", far], ["link", "set", far, "up"]):
            _ip("-n", self.space, *words)
        _ip("-n", self.space, "link", "set", "lo", "up")
        self.be()
        return self

    def be(self, rtt_s: float = 0.0, loss: float = 0.0, down: bool = False) -> None:
        """From now on."""
        assert self._process and self._process.stdin
        told = {"delay_s": rtt_s / 2, "loss": loss, "down": down}
        self._process.stdin.write(json.dumps(told).encode() + b"\n")
        self._process.stdin.flush()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
        subprocess.run(["ip", "netns", "del", self.space], check=False)


def _ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True)
