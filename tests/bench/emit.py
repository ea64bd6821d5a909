"""What a logged row of 8 metrics costs the training, and whether it survives `kill -9`. Peer: `wandb.log`, offline."""

from __future__ import annotations

import itertools
import mmap
import os
import random
import signal
import statistics
import struct
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from tests.bench import peers
from tests.bench.figures import Figure, is_full
from tests.bench.measure import Failed, apart
from tests.bench.readers import METRICS

ROWS = 200_000
PEER_ROWS = 5_000
KILLS = 20
QUIET = 1000


def run() -> list[Figure]:
    with tempfile.TemporaryDirectory() as folder:
        fast = _ours(Path(folder), standard=False)
        plain = _ours(Path(folder), standard=True)
        peer: dict[str, float] = {}
        why = ""
        try:
            rows = ROWS if is_full() else PEER_ROWS
            peer = apart("tests.bench.emit:wandb_rows", folder, rows, python=peers.python()).result
        except (peers.Absent, Failed) as error:
            why = str(error)
        lost, rows = _killed(Path(folder))
    named = "wandb.log" if peer else None
    p50, p99, mean = peer.get("p50"), peer.get("p99"), peer.get("mean")
    return [
        Figure("emit p50, msgspec", fast["p50"], "µs", named, p50, None, "<= 3 µs, 40x", why),
        Figure(
            "emit mean, msgspec", fast["mean"], "µs", named, mean, note="what a row costs in all"
        ),
        Figure("emit p99, msgspec", fast["p99"], "µs", named, p99),
        Figure("emit p50, msgspec, **row", fast["dict"], "µs", note="Python copies the dict first"),
        Figure("emit p50, standard library", plain["p50"], "µs", named, p50, None, "<= 10 µs", why),
        Figure("emit p99, standard library", plain["p99"], "µs", named, p99),
        Figure("rows lost by kill -9", lost, "rows", target="0", note=f"{rows:,} in {KILLS} kills"),
    ]


def _ours(folder: Path, standard: bool) -> dict[str, float]:
    target = str(folder / f"{standard}.jsonl")
    cost = apart("tests.bench.emit:our_rows", standard, ROWS, env={"COCKPIT_EVENTS": target})
    found: dict[str, float] = cost.result
    return found


def our_rows(standard: bool, count: int) -> dict[str, float]:
    """In a process of its own. `standard`: as where msgspec is not installed."""
    if standard:
        sys.modules["msgspec"] = None  # type: ignore[assignment]
    from engine.emit import emit

    found = _timed(lambda step, row: emit(step=step, **row), count // 4)
    return {"dict": found["p50"], **_named(count)}


def _named(count: int) -> dict[str, float]:
    """As a script calls it: the names stand in its source."""
    from engine.emit import emit

    draw, clock, taken = random.Random(1), time.perf_counter_ns, []
    rows = [[draw.random() for _ in METRICS] for _ in range(1000)]
    for step in range(count):
        a, b, c, d, e, f, g, h = rows[step % 1000]
        begun = clock()
        emit(
            step=step,
            loss=a,
            grad_norm=b,
            learning_rate=c,
            tokens_per_s=d,
            step_s=e,
            gpu_util=f,
            gpu_mem=g,
            mfu=h,
        )
        taken.append(clock() - begun)
    return _cuts(taken)


def wandb_rows(folder: str, count: int) -> dict[str, float]:
    """In the peers' Python."""
    os.environ.update(WANDB_MODE="offline", WANDB_DIR=folder, WANDB_SILENT="true")
    import wandb  # type: ignore[import-not-found, unused-ignore]

    told = wandb.init(project="bench", settings=wandb.Settings(x_disable_stats=True))
    found = _timed(lambda step, row: told.log(row, step=step), count)
    told.finish()
    return found


def _timed(log: Callable[[int, dict[str, float]], None], count: int) -> dict[str, float]:
    draw, clock, taken = random.Random(1), time.perf_counter_ns, []
    rows = [{name: draw.random() for name in METRICS} for _ in range(1000)]
    for step in range(count):
        row = rows[step % 1000]
        begun = clock()
        log(step, row)
        taken.append(clock() - begun)
    return _cuts(taken)


def _cuts(taken: list[int]) -> dict[str, float]:
    """Microseconds. The median is that of the quietest thousand rows: what the call costs, not what else ran."""
    batches = [taken[at : at + QUIET] for at in range(0, len(taken), QUIET)]
    p50, p99 = (
        min(statistics.median(one) for one in batches),
        statistics.quantiles(taken, n=100)[98],
    )
    return {"p50": p50 / 1000, "p99": p99 / 1000, "mean": statistics.fmean(taken) / 1000}


def _killed(folder: Path) -> tuple[int, int]:
    """Rows that `emit` had returned from and that are not in the file; and how many it had returned from."""
    lost = returned = 0
    draw = random.Random(2)
    for at in range(KILLS):
        events, counter = folder / f"{at}.jsonl", folder / f"{at}.count"
        counter.write_bytes(bytes(8))
        code = "import sys; from tests.bench.emit import forever; forever(sys.argv[1])"
        env = {**os.environ, "COCKPIT_EVENTS": str(events)}
        child = subprocess.Popen([sys.executable, "-c", code, str(counter)], env=env)
        while not events.exists():
            time.sleep(0.01)
        time.sleep(draw.random() * 0.3)
        child.send_signal(signal.SIGKILL)
        child.wait()
        (told,) = struct.unpack("q", counter.read_bytes())
        lost += max(told - events.read_bytes().count(b"}\n"), 0)
        returned += told
    return lost, returned


def forever(counter: str) -> None:
    """Emit, and count each row in memory that outlives this process."""
    from engine.emit import emit

    with open(counter, "r+b") as file:
        shared = mmap.mmap(file.fileno(), 8)
    for step in itertools.count(1):
        emit(step=step, loss=1 / step, grad_norm=1.0)
        struct.pack_into("q", shared, 0, step)
