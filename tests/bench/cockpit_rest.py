"""What it costs to leave it open: idle on the Fleet and on a quiet run, and memory after 24 hours of events."""

from __future__ import annotations

import json
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from engine.events import encode
from engine.events import runner as r
from engine.runs import Run
from tests.bench import ls
from tests.bench.cockpit_runs import bare, beat
from tests.bench.cockpit_terminal import COCKPIT, Terminal
from tests.bench.figures import Figure
from tests.bench.readers import METRICS
from tests.support.journals import append

SIZE = (200, 60)
IDLE_S = 20.0
CALM = 0.04
"""Of a core: below it, nothing is being read any more."""
LIMIT_S = 60.0
DAY_S = 24 * 3600
STEP_S, BEAT_S = 1, 5
CHUNKS = 96
"""Pieces in which the day is written: a quarter of an hour each."""
WARM = 5


def run() -> list[Figure]:
    with tempfile.TemporaryDirectory() as folder:
        ls.fill(Path(folder) / "logs")
        ls.listed(folder)
        fleet = _idle(folder, [])
    with tempfile.TemporaryDirectory() as folder:
        run = bare(Path(folder) / "logs", DAY_S // STEP_S, t0=time.time())
        _day(run, 0, 1)
        beat(run, time.time())
        quiet = _idle(folder, [run.id])
        before, after, peak, events = _watched(folder, run)
    return [
        Figure(
            "idle on the Fleet, CPU of a core",
            fleet,
            "%",
            target="< 1 %",
            note="200 runs, 3 of them live",
        ),
        Figure(
            "idle on a live run, CPU of a core",
            quiet,
            "%",
            target="< 1 %",
            note="nothing happens on it",
        ),
        Figure(
            "24 h of events, memory grown by",
            after - before,
            "MB",
            target="< 20 MB",
            note=f"{events:,} events and rows, from {before:.0f} MB; the highest {peak:.0f} MB",
        ),
    ]


def _idle(home: str, what: list[str]) -> float:
    terminal = Terminal([*COCKPIT, *what], SIZE, {"COCKPIT_HOME": home})
    try:
        terminal.rest(LIMIT_S, CALM)
        cpu, begun = terminal.cpu_s(), time.monotonic()
        time.sleep(IDLE_S)
        return 100 * (terminal.cpu_s() - cpu) / (time.monotonic() - begun)
    finally:
        terminal.close()


def _watched(home: str, run: Run) -> tuple[float, float, float, int]:
    """A day passes in a minute while it looks; the hour before it has shown whatever is shown of a run that lives."""
    events = 0
    terminal = Terminal([*COCKPIT, run.id], SIZE, {"COCKPIT_HOME": home})
    try:
        terminal.rest(LIMIT_S)
        for chunk in range(1, WARM):
            _day(run, chunk, chunk + 1)
            time.sleep(0.4)
        terminal.rest(LIMIT_S)
        before = terminal.rss_mb()
        for chunk in range(WARM, WARM + CHUNKS):
            events += _day(run, chunk, chunk + 1)
            time.sleep(0.4)
        terminal.rest(LIMIT_S)
        return before, terminal.rss_mb(), terminal.rss_mb(peak=True), events
    finally:
        terminal.close()


def _day(run: Run, begin: int, end: int) -> int:
    """These quarters of an hour: a row, a line of console and a note of sizes a second; beats and pulses."""
    files = {
        part: b"".join(
            line for t in range(begin * DAY_S // CHUNKS, end * DAY_S // CHUNKS) for line in lines(t)
        )
        for part, lines in (("trainer", _rows), ("console", _printed), ("runner", _told))
    }
    for part, data in files.items():
        append(run.attempt(1).segment(part), data)
    return sum(data.count(b"\n") for data in files.values())


def _rows(t: int) -> Iterator[bytes]:
    values = {name: 1 + (t * (7919 + at) % 1000) / 1e3 for at, name in enumerate(METRICS)}
    yield json.dumps({"step": t // STEP_S + 1, **values, "t": time.time() + t}).encode() + b"\n"


def _printed(t: int) -> Iterator[bytes]:
    yield b"step %09d loss 1.234 lr 1.0e-04 grad_norm 0.51 1.00 s/it\n" % t


def _told(t: int) -> Iterator[bytes]:
    now = time.time()
    yield encode(r.Grew(now, 61 * t, 200 * t))
    if t % BEAT_S == 0:
        yield encode(r.Beat(now, float(t), True))
        gpus = {"i": [0], "util": [98], "mem": [61000], "temp": [66], "watt": [640.5]}
        yield encode(r.Pulsed(now, gpus, {"cpu": 41.5, "ram": 5 << 30}, None))
