"""The first paint of two hundred runs in a terminal of 120 x 40. Peer: `wandb leet`, as many runs of as many rows."""

from __future__ import annotations

import statistics
import subprocess
import tempfile
from pathlib import Path

from tests.bench import ls, peers
from tests.bench.cockpit_leet import Cost, looked, many
from tests.bench.cockpit_terminal import COCKPIT, Terminal
from tests.bench.figures import Figure
from tests.bench.measure import Failed

SIZE = (120, 40)
TRIES = 5
LIMIT_S = 120.0


def run() -> list[Figure]:
    with tempfile.TemporaryDirectory() as folder:
        ls.fill(Path(folder) / "logs")
        first = _ours(folder)
        again = [_ours(folder) for _ in range(TRIES)]
        leet, why = _leet(folder)
    wall = min(one.wall_s for one in again)
    cpu = statistics.median(one.cpu_s for one in again)
    named = "wandb leet" if leet else None
    return [
        Figure(
            "Fleet of 200 runs, first paint",
            wall,
            "s",
            named,
            leet.wall_s if leet else None,
            None,
            "<= 0.5 s",
            f"the quickest of {TRIES}; {why}".rstrip("; "),
        ),
        Figure(
            "Fleet of 200 runs, first paint, CPU",
            cpu,
            "s",
            named,
            leet.cpu_s if leet else None,
            None,
            "<= 0.6 s",
            f"median of {TRIES}, start and imports included",
        ),
        Figure("Fleet of 200 runs, CPU, never read before", first.cpu_s, "s"),
        Figure(
            "Fleet of 200 runs, memory",
            max(one.rss_mb for one in again),
            "MB",
            named,
            leet.rss_mb if leet else None,
        ),
    ]


def _ours(folder: str) -> Cost:
    """What is painted first has the state of every run in sight."""
    terminal = Terminal(COCKPIT, SIZE, {"COCKPIT_HOME": folder})
    try:
        wall = terminal.until(lambda data: b"DONE" in data, LIMIT_S)
        return Cost(wall, terminal.cpu_s(), terminal.rss_mb())
    finally:
        terminal.close()


def _leet(folder: str) -> tuple[Cost | None, str]:
    try:
        return looked(many(folder, ls.RUNS, ls.STEPS), SIZE, LIMIT_S), "the peer: until it rests"
    except (peers.Absent, Failed, OSError, subprocess.SubprocessError) as error:
        return None, str(error)[:120]
