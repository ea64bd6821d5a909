"""`engine ls` with 200 runs: 197 that ended, three that go on."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from engine.events import Row, encode
from engine.events import runner as r
from engine.events import trainer as t
from engine.runs import Run
from tests.bench.figures import Figure
from tests.bench.measure import ROOT
from tests.support.journals import job, kept
from tests.support.stories import T0, Told, closed, exited, live

RUNS, LIVE = 200, 3
STEPS = 1000
TRIES = 5


def run() -> list[Figure]:
    with tempfile.TemporaryDirectory() as folder:
        fill(Path(folder) / "logs")
        first, lines = listed(folder)
        again = statistics.median(listed(folder)[0] for _ in range(TRIES))
    note = f"{lines} lines, {RUNS - LIVE} ended runs of {STEPS} rows, {LIVE} live"
    return [
        Figure("ls of 200 runs, CPU", again, "s", target="<= 0.25 s", note=note),
        Figure("ls of 200 runs, the first time", first, "s", note="every run folded"),
    ]


def fill(logs: Path) -> None:
    """The runs that are listed."""
    going, ended = _segments(ended=False), _segments(ended=True)
    for number in range(RUNS):
        _run(logs, number, going if number < LIVE else ended)


def _run(logs: Path, number: int, segments: dict[str, bytes]) -> None:
    begun = time.strftime("%Y%m%d-%H%M%S", time.gmtime(T0 + 60 * number))
    run = Run(logs / f"bench-{begun}-{number:04x}")
    run.requests.mkdir(parents=True)
    job(run, argv=["python3", "train.py"], total=STEPS, dialect="auto")
    run.keeper.write_bytes(segments["keeper"])
    run.attempt(1).runner.write_bytes(segments["1/runner"])
    run.attempt(1).trainer.write_bytes(segments["1/trainer"])


def _segments(ended: bool) -> dict[str, bytes]:
    """A run's files. This process says that it is the keeper of a live one, so that no other is started."""
    told: list[Told] = [*live(), kept(), ("1/trainer", t.Planned(T0, STEPS))]
    for step in range(1, STEPS + 1):
        values = {"loss": 9 / step, "learning_rate": 1e-4, "grad_norm": 1.0}
        told.append(("1/trainer", Row(T0 + step, step, values)))
        if step % 5 == 0:
            told.append(("1/runner", r.Beat(T0 + step, float(step), True)))
            told.append(("1/runner", r.Grew(T0 + step, 0, 100 * step)))
    if ended:
        told += [exited(t=T0 + STEPS), closed(t=T0 + STEPS)]
    found: dict[str, bytes] = {}
    for segment, event in told:
        found[segment] = found.get(segment, b"") + encode(event)
    return found


def listed(home: str) -> tuple[float, int]:
    """CPU seconds of the whole command, and the lines it printed."""
    before = os.times()
    done = subprocess.run(
        [sys.executable, "-m", "engine.cli", "ls", "--json"],
        env={**os.environ, "COCKPIT_HOME": home, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        check=True,
    )
    after = os.times()
    spent = after.children_user + after.children_system
    spent -= before.children_user + before.children_system
    return spent, done.stdout.count(b"\n")
