"""A console of 100,000 lines a second, followed in a terminal of 200 x 60: do keys answer, is the count exact.

Peer: `cat`. What a key costs where nothing is done with it says how busy the machine was.
"""

from __future__ import annotations

import re
import tempfile
import threading
import time
from pathlib import Path

from tests.bench.cockpit_runs import bare, beat
from tests.bench.cockpit_terminal import COCKPIT, Screen, Terminal
from tests.bench.figures import Figure

SIZE = (200, 60)
RATE, EACH_S = 100_000, 0.01
KEYS, PAUSE_S = 100, 0.07
LINE = re.compile(r"epoch (\d{9}) ")
COUNT = re.compile(r"([\d,]+) went by undrawn")
LIMIT_S = 60.0


def run() -> list[Figure]:
    with tempfile.TemporaryDirectory() as folder:
        run = bare(Path(folder) / "logs", None, t0=time.time())
        flood = Flood(run.attempt(1).console)
        terminal = Terminal([*COCKPIT, run.id], SIZE, {"COCKPIT_HOME": folder})
        try:
            beat(run, time.time())
            terminal.until(lambda data: b"beat" in data, LIMIT_S)
            terminal.press("l")
            terminal.until(lambda data: b"following" in data, LIMIT_S)
            flood.start()
            time.sleep(2.0)
            main, begun = terminal.main_s(), time.monotonic()
            stalls = _pressed(terminal, (("F", b"F follows"), ("F", b"following")))
            share = (terminal.main_s() - main) / (time.monotonic() - begun)
            plain = Terminal(["cat"], SIZE)
            echoes = _pressed(plain, (("x\n", b"x"),))
            plain.close()
            rate = flood.end()
            time.sleep(4.0)
            told, undrawn = _counted(terminal)
            memory = terminal.rss_mb(peak=True)
        finally:
            flood.end()
            terminal.close()
    note = f"{KEYS} keys at {rate:,.0f} lines a second; to the frame that shows it"
    return [
        Figure(
            "a key's answer in a flood, p50",
            1000 * stalls[KEYS // 2],
            "ms",
            "cat",
            1000 * echoes[KEYS // 2],
            note=note,
        ),
        Figure(
            "a key's answer in a flood, p99",
            1000 * stalls[-2],
            "ms",
            "cat",
            1000 * echoes[-2],
            target="<= 100 ms",
        ),
        Figure("drawing in a flood, CPU of a core", 100 * share, "%"),
        Figure("lines not drawn, as told", told, "lines", note=f"of {flood.lines:,}"),
        Figure("lines not drawn, told wrongly", abs(told - undrawn), "lines", target="0"),
        Figure("memory in a flood", memory, "MB", note="8 bytes a line: where it ends"),
    ]


def _answered(terminal: Terminal, key: str, word: bytes) -> float:
    """Seconds from a key to the redraw that shows it."""
    since, begun = len(terminal.pieces), time.monotonic()
    terminal.press(key)
    shown = terminal.until(lambda data: word in data, LIMIT_S, since)
    return terminal.begun + shown - begun


def _pressed(terminal: Terminal, words: tuple[tuple[str, bytes], ...]) -> list[float]:
    found = []
    for at in range(KEYS):
        found.append(_answered(terminal, *words[at % len(words)]))
        time.sleep(PAUSE_S)
    return sorted(found)


def _counted(terminal: Terminal) -> tuple[int, int]:
    """What the screen says at the end; and what all redraws together did not show."""
    screen, seen = Screen(terminal.size), set[int]()
    for frame in terminal.frames():
        screen.feed(frame.data)
        seen.update(int(found[1]) for row in screen.rows if (found := LINE.search(row)))
    told = COUNT.search("\n".join(screen.rows))
    whole = max(seen) - min(seen) + 1
    return int(told[1].replace(",", "")) if told else 0, whole - len(seen)


class Flood:
    """A trainer that prints, on a thread."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.lines = 0
        self._over, self._took = threading.Event(), 0.0
        self._thread = threading.Thread(target=self._print, daemon=True)

    def start(self) -> None:
        self._thread.start()

    def end(self) -> float:
        """Lines a second, as it was."""
        self._over.set()
        if self._thread.is_alive():
            self._thread.join()
        return self.lines / max(self._took, EACH_S)

    def _print(self) -> None:
        batch, begun = int(RATE * EACH_S), time.monotonic()
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with open(self._path, "ab", buffering=0) as file:
            while not self._over.is_set():
                text = "".join(
                    f"epoch {at:09} rank 0 loaded shard {at % 977} in 0.01 s, nothing to report\n"
                    for at in range(self.lines, self.lines + batch)
                )
                file.write(text.encode())
                self.lines += batch
                self._took = time.monotonic() - begun
                time.sleep(max(begun + self.lines / RATE - time.monotonic(), 0.0))
