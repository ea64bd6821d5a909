"""A run of a million steps x 8 metrics in a terminal of 200 x 60, never opened before. Peer: `wandb leet`."""

from __future__ import annotations

import json
import math
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import NamedTuple

from engine.runs import Run
from tests.bench import peers, readers
from tests.bench.cockpit_leet import Cost, looked, write
from tests.bench.cockpit_runs import bare, finish
from tests.bench.cockpit_terminal import COCKPIT, Terminal, is_braille
from tests.bench.figures import Figure, is_full
from tests.bench.measure import Failed

ROWS = 1_000_000
PEER_ROWS = 20_000
SIZE = (200, 60)
CHART = (slice(5, 30), 142)
"""Rows and columns of the loss chart in it."""
TRIES = 2
LIMIT_S = 120.0
LIMIT_FULL_S = 3600.0


class Opened(NamedTuple):
    """A run that was opened: its whole curve drawn from a glance, then every one of its rows read."""

    wall_s: float
    cpu_s: float
    whole_cpu_s: float
    peak_mb: float


def run() -> list[Figure]:
    with tempfile.TemporaryDirectory() as folder:
        run = _written(Path(folder))
        found = [_opened(folder, run) for _ in range(TRIES)]
        again = _opened(folder, run, anew=False)
        rows = ROWS if is_full() else PEER_ROWS
        leet, why = _leet(folder, rows)
    best = min(found, key=lambda one: one.wall_s)
    named, times = ("wandb leet", ROWS / rows) if leet else (None, 0.0)
    scaled = (
        "" if rows == ROWS else f"the peer read {rows:,} rows, x{ROWS // rows}; it grows faster"
    )
    return [
        Figure(
            "1M x 8, its whole curve drawn",
            best.wall_s,
            "s",
            named,
            leet.wall_s * times if leet else None,
            None,
            "<= 1 s",
            why or f"quickest of {TRIES}; {scaled}",
        ),
        Figure("1M x 8, its whole curve drawn, CPU", min(one.cpu_s for one in found), "s"),
        Figure(
            "1M x 8, every row read and drawn, CPU",
            min(one.whole_cpu_s for one in found),
            "s",
            named,
            leet.cpu_s * times if leet else None,
            None,
            "",
            why or scaled,
        ),
        Figure(
            "1M x 8, peak memory",
            max(one.peak_mb for one in found),
            "MB",
            named,
            leet.rss_mb if leet else None,
            None,
            "<= 300 MB",
            "" if rows == ROWS else f"the peer's is of {rows:,} rows",
        ),
        Figure("1M x 8, opened again, CPU", again.whole_cpu_s, "s", note="all of it"),
    ]


def _written(folder: Path) -> Run:
    """Rows as `emit` writes them. All but the loss is one of a thousand texts, or the writing would take longest."""
    run = bare(folder / "logs", ROWS)
    rows = list(readers.rows_of(1000))
    rest = [json.dumps({k: row[k] for k in readers.METRICS[1:]})[1:-1] for row in rows]
    with open(run.attempt(1).trainer, "a") as file:
        for step in range(ROWS):
            loss = 2 + 8 * math.exp(-step / 2e5) + rows[step * 7919 % 1000]["grad_norm"] / 5
            t = readers.T0 + step * readers.GAP_S
            file.write(f'{{"step":{step},"loss":{loss!r},{rest[step % 1000]},"t":{t!r}}}\n')
    finish(run, readers.T0 + ROWS * readers.GAP_S)
    return run


def _opened(home: str, run: Run, anew: bool = True) -> Opened:
    if anew:
        shutil.rmtree(run.cache, ignore_errors=True)
    terminal = Terminal([*COCKPIT, run.id], SIZE, {"COCKPIT_HOME": home})
    try:
        wall = terminal.until_drawn(is_whole, LIMIT_S)
        cpu = terminal.cpu_s()
        terminal.rest(LIMIT_S)
        return Opened(wall, cpu, terminal.cpu_s(), terminal.rss_mb(peak=True))
    finally:
        terminal.close()


def is_whole(rows: list[str]) -> bool:
    """The loss is drawn from one end of its chart to the other."""
    drawn = [
        at for row in rows[CHART[0]] for at, one in enumerate(row[: CHART[1]]) if is_braille(one)
    ]
    return bool(drawn) and min(drawn) < 12 and max(drawn) > CHART[1] - 8


def _leet(folder: str, rows: int) -> tuple[Cost | None, str]:
    """What it costs on one row is taken off."""
    try:
        one = looked(write(f"{folder}/one", 1), SIZE, LIMIT_S)
        all_ = looked(write(f"{folder}/all", rows), SIZE, LIMIT_FULL_S if is_full() else LIMIT_S)
    except (peers.Absent, Failed, OSError, subprocess.SubprocessError) as error:
        return None, str(error)[:120]
    return Cost(all_.wall_s - one.wall_s, all_.cpu_s - one.cpu_s, all_.rss_mb), ""
