"""What supervision costs: the runner's memory and CPU beside a quiet trainer, and what a loud trainer loses by it."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from engine import procs
from engine.runner import bundle, records

Figure = tuple[str, float | None, str, str]

WATCHED_S = 60.0
PAIRS = 7
LINES = 300_000
RATE = 100_000
RUN = "bench-20261121-000000-abcd"

QUIET = """
import json, os, time
t = open(os.environ["COCKPIT_EVENTS"], "a")
for step in range(100000):
    time.sleep(0.5)
    print(f"step {step} loss {1 / (step + 1):.4f}", flush=True)
    row = {"t": time.time(), "step": step, "loss": 1 / (step + 1), "learning_rate": 1e-4}
    t.write(json.dumps(row) + "\\n"); t.flush()
"""

LOUD = """
import os, resource, sys, time
began, work = time.perf_counter(), range(int(sys.argv[3]))
for step in range(int(sys.argv[2])):
    sum(work)
    os.write(1, b"step %d loss 0.1234 grad_norm 1.2345 lr 1.0e-04 tokens 123456\\n" % step)
took = time.perf_counter() - began
used = resource.getrusage(resource.RUSAGE_SELF)
open(sys.argv[1], "w").write(f"{took} {used.ru_utime + used.ru_stime}")
"""


@contextmanager
def supervised(
    home: Path, argv: list[str], build: Path
) -> Iterator[tuple[Path, subprocess.Popen[bytes]]]:
    """A runner at its defaults beside this command."""
    folder = home / RUN / "attempts" / "1"
    folder.mkdir(parents=True)
    job = {"schema": 1, "run": RUN, "attempt": 1, "argv": argv, "cwd": str(home), "grace_s": 1}
    (folder / "job.json").write_text(json.dumps(job))
    runner = subprocess.Popen(
        [sys.executable, "-S", "-E", "-B", str(build), str(folder)],
        stdin=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        yield folder, runner
    finally:
        orders = folder / "orders"
        orders.mkdir(exist_ok=True)
        (orders / "end.json").write_text(json.dumps({"id": "end", "kind": "kill", "by": "bench"}))
        runner.wait(60)


def memory_mb(pid: int, key: str = "VmRSS") -> float:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith(key + ":"):
            return int(line.split()[1]) / 1024
    raise ValueError(key)


def private_mb(pid: int) -> float:
    """Proportional share: pages that a fork still shares count once."""
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) / 1024
    raise ValueError("Pss")


def cpu_s(pid: int) -> float:
    """All its threads; /proc/PID/stat counts in hundredths of a second, which is too coarse here."""
    tasks = Path(f"/proc/{pid}/task").iterdir()
    return sum(int((task / "schedstat").read_text().split()[0]) for task in tasks) / 1e9


def quiet(build: Path) -> list[Figure]:
    """The runner beside a trainer that prints twice a second."""
    with tempfile.TemporaryDirectory() as home:
        with supervised(Path(home), [sys.executable, "-c", QUIET], build) as (folder, runner):
            time.sleep(10.0)
            began, before = time.monotonic(), cpu_s(runner.pid)
            time.sleep(WATCHED_S)
            used = (cpu_s(runner.pid) - before) / (time.monotonic() - began)
            nurse = records.read_nurse(str(folder / "trainer.pid"))
            probes = [one.pid for one in procs.everything() if one.parent == runner.pid]
            probes = [pid for pid in probes if nurse is None or pid != nurse.pid]
            probe = sum(cpu_s(pid) for pid in probes) / (time.monotonic() - began + 10.0)
            found: list[Figure] = [
                ("runner, memory", memory_mb(runner.pid), "MB RSS", "promise: <= 25"),
                ("runner, most memory", memory_mb(runner.pid, "VmHWM"), "MB RSS", "at its start"),
                (
                    "runner, CPU",
                    100 * used,
                    "% of a core",
                    f"over {WATCHED_S:.0f} s; promise: <= 0.5",
                ),
            ]
            if nurse is not None:
                found.append(
                    ("nurse, memory", private_mb(nurse.pid), "MB PSS", "a fork of the runner")
                )
            if probes:
                held = sum(memory_mb(pid) for pid in probes)
                found.append(("GPU probe, memory", held, "MB RSS", f"{len(probes)} process"))
                found.append(("GPU probe, CPU", 100 * probe, "% of a core", "with its start"))
            return found


def command(told: Path, lines: int, work: int) -> list[str]:
    return [sys.executable, "-c", LOUD, str(told), str(lines), str(work)]


def loud_alone(home: Path, work: int, lines: int = LINES) -> tuple[float, float]:
    """Wall and CPU seconds of the loud trainer with its output in a file."""
    with (home / "alone.log").open("wb") as log:
        subprocess.run(command(home / "alone", lines, work), stdout=log, check=True)
    return _told(home / "alone")


def loud_supervised(home: Path, build: Path, work: int) -> tuple[float, float]:
    with supervised(home, command(home / "beside", LINES, work), build) as (_, runner):
        runner.wait(120)
    return _told(home / "beside")


def calibrated() -> int:
    """Work between two lines, so that this machine prints about as many lines a second as the promise says."""
    with tempfile.TemporaryDirectory() as home:
        bare = loud_alone(Path(home), 0, 100_000)[0] / 100_000
        loaded = loud_alone(Path(home), 500, 100_000)[0] / 100_000
    return max(0, int((1 / RATE - bare) / max(loaded - bare, 1e-9) * 500))


def _told(path: Path) -> tuple[float, float]:
    took, used = path.read_text().split()
    return float(took), float(used)


def loud(build: Path) -> list[Figure]:
    """Interleaved with the same command against itself, whose difference is the machine's own noise."""
    beside, again, rate = [], [], []
    work = calibrated()
    for _ in range(PAIRS):
        with tempfile.TemporaryDirectory() as home:
            alone = loud_alone(Path(home), work)
            beside.append(_lost(alone, loud_supervised(Path(home), build, work)))
            again.append(_lost(alone, loud_alone(Path(home), work)))
        rate.append(LINES / alone[0])
    return [
        _median("loud trainer, time lost", [pair[0] for pair in beside], "promise: within 2"),
        _median("loud trainer, CPU lost", [pair[1] for pair in beside], "user and system"),
        _median("the same against itself, time", [pair[0] for pair in again], "noise"),
        _median("the same against itself, CPU", [pair[1] for pair in again], "noise"),
        ("loud trainer, rate", statistics.median(rate), "lines/s", "alone, into a file"),
    ]


def _median(name: str, percents: list[float], note: str) -> Figure:
    spread = f"{len(percents)} pairs, {min(percents):+.1f} to {max(percents):+.1f}; {note}"
    return name, statistics.median(percents), "%", spread


def _lost(alone: tuple[float, float], other: tuple[float, float]) -> tuple[float, float]:
    """Percent of wall and of CPU time."""
    return 100 * (other[0] / alone[0] - 1), 100 * (other[1] / alone[1] - 1)


def run() -> list[Figure]:
    with tempfile.TemporaryDirectory() as home:
        build = Path(home) / "runner.pyz"
        build.write_bytes(bundle.build())
        return quiet(build) + loud(build)


if __name__ == "__main__":
    for name, value, unit, note in run():
        print(f"{name:30} {value:10.2f} {unit:12} {note}")
