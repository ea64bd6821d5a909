"""A program in a terminal of its own: what it writes and when, what it costs, what stands on its screen.

The program is the real one in a real pty; a thread reads what it writes as fast as it comes and answers what programs
ask of a terminal. A terminal that says it can synchronize is told where each redraw begins and ends.
"""

from __future__ import annotations

import fcntl
import os
import pty
import re
import signal
import struct
import subprocess
import sys
import termios
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from tests.bench.measure import ROOT

CALM_S = 2.0
"""Seconds over which a program that rests is told from one that works."""
COCKPIT = (sys.executable, "-c", "import sys; from cockpit.cli import main; sys.exit(main())")
"""The program as its script starts it."""
TICKS = os.sysconf("SC_CLK_TCK")
FRAME, FRAME_END = b"\x1b[?2026h", b"\x1b[?2026l"
ANSWERS = {
    b"\x1b[?2026$p": b"\x1b[?2026;2$y",
    b"\x1b[6n": b"\x1b[1;1R",
    b"\x1b[c": b"\x1b[?62;22c",
    b"\x1b]11;?": b"\x1b]11;rgb:1010/1010/1010\x07",
    b"\x1b]10;?": b"\x1b]10;rgb:f0f0/f0f0/f0f0\x07",
}
"""What programs ask a terminal, and what a plain modern one says."""
WORDS = re.compile(
    rb"\x1b\[([?<>=]?)([\d;:]*)[ $]?([@-~])|\x1b\].*?(?:\x07|\x1b\\)|\x1b[ -/]*[0-~]|[\r\n]|[^\x1b\r\n]+"
)


class Piece(NamedTuple):
    """What one read gave, and when."""

    t: float
    data: bytes


class Terminal:
    """`argv` runs in it until `close`."""

    def __init__(
        self, argv: Sequence[str], size: tuple[int, int], env: Mapping[str, str] | None = None
    ) -> None:
        self._master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", size[1], size[0], 0, 0))
        around = {**os.environ, "TERM": "xterm-256color", "COLORTERM": "truecolor"}
        around.update({"PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "utf-8", **(env or {})})
        # An installed program was compiled before; where this is set for the tests, each start would compile all of it.
        if around.pop("PYTHONDONTWRITEBYTECODE", None):
            around["PYTHONPYCACHEPREFIX"] = str(cache() / "bytecode")
        self.size = size
        self.begun = time.monotonic()
        self._child = subprocess.Popen(
            argv,
            stdin=slave,
            stdout=slave,
            stderr=slave,
            env=around,
            cwd=ROOT,
            start_new_session=True,
            preexec_fn=_controlling,
        )
        os.close(slave)
        self.pieces: list[Piece] = []
        self._heard = threading.Condition()
        self._over = False
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        tail = b""
        while True:
            try:
                data = os.read(self._master, 1 << 16)
            except OSError:
                break
            t = time.monotonic()
            if not data:
                break
            for asked, answer in ANSWERS.items():
                if asked in tail + data and asked not in tail:
                    os.write(self._master, answer)
            tail = data[-16:]
            with self._heard:
                self.pieces.append(Piece(t, data))
                self._heard.notify_all()
        with self._heard:
            self._over = True
            self._heard.notify_all()

    # what it wrote

    def written(self, since: int = 0) -> bytes:
        return b"".join(piece.data for piece in self.pieces[since:])

    def until(self, seen: Callable[[bytes], bool], limit_s: float, since: int = 0) -> float:
        """Seconds from the start until what was written satisfies; raises when it never does."""
        end = time.monotonic() + limit_s
        at, held = since, b""
        with self._heard:
            while True:
                while at < len(self.pieces):
                    piece = self.pieces[at]
                    held += piece.data
                    at += 1
                    if seen(held):
                        return piece.t - self.begun
                left = end - time.monotonic()
                if left <= 0 or self._over:
                    raise TimeoutError(f"never seen: {self.text()[-400:]!r}")
                self._heard.wait(left)

    def press(self, keys: str) -> None:
        os.write(self._master, keys.encode())

    def frames(self, since: int = 0) -> Iterator[Piece]:
        """Each redraw, once it was there whole."""
        held = b""
        for t, data in self.pieces[since:]:
            held += data
            while (end := held.find(FRAME_END)) >= 0:
                begin = max(held.find(FRAME), 0)
                yield Piece(t, held[begin : end + len(FRAME_END)])
                held = held[end + len(FRAME_END) :]

    def screen(self) -> list[str]:
        """What is to be read, row by row."""
        screen = Screen(self.size)
        screen.feed(self.written())
        return screen.rows

    def until_drawn(self, seen: Callable[[list[str]], bool], limit_s: float) -> float:
        """Seconds from the start until a redraw after which the screen satisfies."""
        screen, at, end = Screen(self.size), 0, time.monotonic() + limit_s
        while time.monotonic() < end and not self._over:
            frames = list(self.frames())
            for t, data in frames[at:]:
                screen.feed(data)
                if seen(screen.rows):
                    return t - self.begun
            at = len(frames)
            time.sleep(0.02)
        raise TimeoutError(f"never drawn: {self.text()[-400:]!r}")

    def rest(self, limit_s: float, share: float = 0.15) -> float:
        """Seconds from the start until it uses less than this share of a core; raises when it never does."""
        end = time.monotonic() + limit_s
        before, since = self.cpu_s(), time.monotonic()
        while time.monotonic() < end and not self._over:
            time.sleep(CALM_S)
            now, spent = time.monotonic(), self.cpu_s()
            if spent - before < share * (now - since):
                return since - self.begun
            before, since = spent, now
        raise TimeoutError(f"it ended, or worked on after {limit_s:.0f} s")

    def text(self) -> str:
        return "\n".join(self.screen())

    @property
    def is_over(self) -> bool:
        """It ended."""
        return self._over

    # what it costs

    @property
    def pid(self) -> int:
        return self._child.pid

    def cpu_s(self) -> float:
        """Of the program and all that it started and still runs."""
        return sum(map(_cpu_s, family(self.pid)))

    def rss_mb(self, peak: bool = False) -> float:
        return sum(_rss_mb(pid, "VmHWM:" if peak else "VmRSS:") for pid in family(self.pid))

    def main_s(self) -> float:
        """Processor seconds of the thread that draws."""
        found = Path(f"/proc/{self.pid}/task/{self.pid}/schedstat").read_text().split()
        return int(found[0]) / 1e9

    def close(self) -> None:
        try:
            os.killpg(self._child.pid, signal.SIGTERM)
            self._child.wait(3)
        except subprocess.TimeoutExpired:
            os.killpg(self._child.pid, signal.SIGKILL)
            self._child.wait()
        except ProcessLookupError:
            self._child.wait()
        os.close(self._master)


def cache() -> Path:
    """What benchmarks keep between runs."""
    root = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return root / "training-cockpit"


def _controlling() -> None:
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


def family(pid: int) -> list[int]:
    """A process and its living descendants."""
    try:
        started = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except OSError:
        return [pid]
    return [pid, *(one for child in started for one in family(int(child)))]


def _cpu_s(pid: int) -> float:
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / TICKS


def _rss_mb(pid: int, kind: str) -> float:
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return 0.0
    return sum(int(line.split()[1]) for line in lines if line.startswith(kind)) / 1024


class Screen:
    """What stands on a screen, as far as our own programs draw: absolute moves and text, never a scroll."""

    def __init__(self, size: tuple[int, int]) -> None:
        self._width, height = size
        self._cells = [[" "] * self._width for _ in range(height)]
        self._row = self._column = 0

    @property
    def rows(self) -> list[str]:
        return ["".join(line).rstrip() for line in self._cells]

    def feed(self, data: bytes) -> None:
        """Whole redraws: no sequence is cut at the end."""
        for word in WORDS.finditer(data):
            text = word[0]
            if word[3] == b"H" and not word[1]:
                place = [int(part or 1) for part in word[2].split(b";")] + [1, 1]
                self._row, self._column = place[0] - 1, place[1] - 1
            elif text == b"\r":
                self._column = 0
            elif text == b"\n":
                self._row += 1
            elif not text.startswith(b"\x1b"):
                self._write(text.decode("utf-8", "replace"))

    def _write(self, text: str) -> None:
        for character in text:
            if 0 <= self._row < len(self._cells) and 0 <= self._column < self._width:
                self._cells[self._row][self._column] = character
            self._column += 1


def is_braille(character: str) -> bool:
    """A cell with a dot in it."""
    return "\u2801" <= character <= "\u28ff"
