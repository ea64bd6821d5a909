"""A run that tells 2,000 rows a second, watched in a terminal of 200 x 60: how late it is, what a redraw costs."""

from __future__ import annotations

import json
import re
import statistics
import tempfile
import threading
import time
from bisect import bisect_left
from pathlib import Path

from engine.events import encode
from engine.events import runner as r
from engine.runs import Run
from tests.bench.cockpit_runs import bare, beat
from tests.bench.cockpit_terminal import COCKPIT, Piece, Terminal
from tests.bench.figures import Figure
from tests.bench.readers import METRICS
from tests.support.journals import append

SIZE = (200, 60)
TOTAL = 1_000_000
EACH_S, BATCH = 0.01, 22
WARM_S, WATCHED_S = 5.0, 20.0
TURNS = 3_000_000
STEP = re.compile(rb"([\d,]+)/1,000,000")


def run() -> list[Figure]:
    with tempfile.TemporaryDirectory() as folder:
        writer = Writer(bare(Path(folder) / "logs", TOTAL, t0=time.time()))
        writer.start()
        terminal = Terminal([*COCKPIT, writer.run.id], SIZE, {"COCKPIT_HOME": folder})
        try:
            terminal.until(lambda data: STEP.search(data) is not None, 60)
            time.sleep(WARM_S)
            since, main, cpu = len(terminal.pieces), terminal.main_s(), terminal.cpu_s()
            begun = time.monotonic()
            time.sleep(WATCHED_S)
            took = time.monotonic() - begun
            main, cpu = terminal.main_s() - main, terminal.cpu_s() - cpu
            frames = list(terminal.frames(since))
        finally:
            terminal.close()
            writer.end()
    slept = sorted(writer.late)[len(writer.late) * 95 // 100]
    late = sorted(delays(writer.told, frames, begun + 0.5, begun + took - 1.0))
    return [
        *_figures(late, frames, main, took),
        Figure("watching it, CPU of a core", 100 * cpu / took, "%"),
        Figure("beside it: a thread that sleeps 10 ms woke late, p95", 1000 * slept, "ms"),
        Figure(f"beside it: {TURNS:,} turns of an empty loop, CPU", _turns_ms(), "ms"),
    ]


def _turns_ms() -> float:
    begun = time.thread_time()
    for _ in range(TURNS):
        pass
    return 1000 * (time.thread_time() - begun)


def _figures(late: list[float], frames: list[Piece], main: float, took: float) -> list[Figure]:
    sizes = sorted(len(frame.data) for frame in frames)
    note = f"{len(late) * BATCH / took:,.0f} rows a second"
    most = max(bisect_left(frames, (at.t + 1.0,)) - place for place, at in enumerate(frames))
    return [
        Figure("step on disk to screen, p50", 1000 * late[len(late) // 2], "ms", note=note),
        Figure(
            "step on disk to screen, p95",
            1000 * late[len(late) * 95 // 100],
            "ms",
            target="<= 150 ms",
        ),
        Figure(
            "a redraw of the dashboard, CPU",
            1000 * main / len(frames),
            "ms",
            target="<= 30 ms",
            note="all that the drawing thread does",
        ),
        Figure("redraws in any second", most, "", target="<= 10"),
        Figure(
            "bytes of a redraw, p50",
            statistics.median(sizes),
            "B",
            note=f"all of the screen: {sizes[-1]:,} at most",
        ),
        Figure("bytes to the terminal", sum(sizes) / took / 1000, "kB/s"),
    ]


def delays(
    told: list[tuple[float, int]], frames: list[Piece], begin: float, end: float
) -> list[float]:
    """For each batch of rows written in this time: how long until a step as new as it stood on the screen."""
    seen = [(frame.t, _step(frame.data)) for frame in frames]
    shown = [(t, step) for t, step in seen if step is not None]
    steps = [step for _, step in shown]
    found = []
    for t, step in told:
        place = bisect_left(steps, step)
        if begin <= t <= end and place < len(shown):
            found.append(max(shown[place][0] - t, 0.0))
    return found


def _step(data: bytes) -> int | None:
    found = STEP.findall(data)
    return int(found[-1].replace(b",", b"")) if found else None


class Writer:
    """A trainer and its runner, on a thread: rows on a fixed clock, beats, notes of how far the file has grown."""

    def __init__(self, run: Run) -> None:
        self.run = run
        self.told: list[tuple[float, int]] = []
        """When each batch was on the disk, and its last step."""
        self.late: list[float] = []
        """How long after its time each batch was begun: what the machine does to anybody who sleeps."""
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._write, daemon=True)

    def start(self) -> None:
        self._thread.start()

    def end(self) -> None:
        self._over.set()
        self._thread.join()

    def _write(self) -> None:
        path, step, due = self.run.attempt(1).trainer, 0, time.monotonic()
        with open(path, "ab", buffering=0) as file:
            while not self._over.is_set():
                file.write(b"".join(_row(one) for one in range(step + 1, step + BATCH + 1)))
                step += BATCH
                self.told.append((time.monotonic(), step))
                if step % (10 * BATCH) == 0:
                    grew = r.Grew(time.time(), 0, file.tell())
                    append(self.run.attempt(1).runner, encode(grew))
                if step % (500 * BATCH) == 0:
                    beat(self.run, time.time())
                due += EACH_S
                pause = due - time.monotonic()
                time.sleep(max(pause, 0.0))
                if pause > 0:
                    self.late.append(time.monotonic() - due)


def _row(step: int) -> bytes:
    values = {name: 1 + (step * (7919 + at) % 1000) / 1e3 for at, name in enumerate(METRICS)}
    return json.dumps({"step": step, **values, "t": time.time()}).encode() + b"\n"
