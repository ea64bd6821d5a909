"""The record of long runs: report, comparison, bundle, export, replay and seeking. No peer makes these of a journal."""

from __future__ import annotations

import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from tests.bench.figures import Figure
from tests.bench.measure import ROOT, apart

STEPS = 1_000_000
RUNS, EACH = 20, 100_000
SEEKS = 300
SPEED = 600.0
T0 = 1_790_000_000.0


def run() -> list[Figure]:
    with tempfile.TemporaryDirectory() as folder:
        journal = apart("tests.bench.record:write", f"{folder}/logs", 1, STEPS).result
        name = journal["run"]
        report = apart("tests.bench.record:verb", folder, ["report", name])
        again = apart("tests.bench.record:verb", folder, ["report", name])
        bundle = f"{folder}/x.cockpit"
        packed = apart(
            "tests.bench.record:verb", folder, ["export", name, "--to", "bundle", "--out", bundle]
        )
        opened = apart("tests.bench.record:verb", folder, ["status", bundle])
        share = 100 * os.path.getsize(bundle) / journal["bytes"]
        page = apart(
            "tests.bench.record:verb",
            folder,
            ["export", name, "--to", "html", "--out", f"{folder}/x.html"],
        )
        board = apart(
            "tests.bench.record:verb",
            folder,
            ["export", name, "--to", "tensorboard", "--out", folder],
        )
        seeks = apart("tests.bench.record:seek", folder, name)
        clock = apart("tests.bench.record:played", folder, name)
    with tempfile.TemporaryDirectory() as folder:
        names = [
            apart("tests.bench.record:write", f"{folder}/logs", n, EACH).result["run"]
            for n in range(RUNS)
        ]
        first = apart("tests.bench.record:verb", folder, ["compare", *names, "--json"])
        kept = apart("tests.bench.record:verb", folder, ["compare", *names, "--json"])
    size = f"{journal['bytes'] / 1e6:.0f} MB of journal"
    return [
        Figure("report of 1M steps, CPU", report.cpu_s, "s", target="<= 3 s", note=size),
        Figure("report of 1M steps again, CPU", again.cpu_s, "s", target="<= 3 s"),
        Figure("compare of 20 x 100,000, CPU", first.cpu_s, "s", target="<= 3 s", note="nothing was read before"),
        Figure("compare of 20 x 100,000 again, CPU", kept.cpu_s, "s", target="<= 3 s"),
        Figure("bundle of 1M steps, share of the journal", share, "%", target="<= 25 %", note=size),
        Figure("bundle of 1M steps, CPU", packed.cpu_s, "s", note=f"{packed.rss_mb:.0f} MB"),
        Figure("bundle of 1M steps opened for status, CPU", opened.cpu_s, "s", note=f"{opened.rss_mb:.0f} MB"),
        Figure("HTML page of 1M steps, CPU", page.cpu_s, "s"),
        Figure("TensorBoard's file of 1M x 8, CPU", board.cpu_s, "s"),
        Figure("seek in 1M steps, p99", seeks.result["p99_ms"], "ms", target="<= 50 ms",
               note=f"median {seeks.result['median_ms']:.1f} ms; opening {seeks.result['open_s']:.1f} s"),
        Figure("replay at 600 x, share of a core", 100 * clock.result["share"], "%", target="< 100 %",
               note=f"{clock.result['frames']} frames, worst {clock.result['late_ms']:.0f} ms behind its clock"),
    ]  # fmt: skip


def write(logs: str, number: int, steps: int) -> dict[str, Any]:
    """A run as this product's own trainer and runner leave it, 0.3 s a step."""
    from engine.events import encode
    from engine.events import keeper as k
    from engine.events import runner as r
    from engine.runs import Run

    run = Run(Path(logs) / f"bench-20260921-{number:06d}-abcd")
    attempt = run.attempt(1)
    attempt.folder.mkdir(parents=True)
    ended = T0 + 0.3 * steps
    facts = [
        k.Accepted(T0, 1, run.id, "bench", "d" * 64, "local", "0", "/work"),
        k.AttemptOpened(T0, 1, "local", ("python3", "train.py"), "/work", "launch"),
        k.Closed(ended + 2, 1),
    ]
    run.keeper.write_bytes(b"".join(map(encode, facts)))
    run.profile.write_text(
        json.dumps({"name": "bench", "recipe": "finetune", "data": {"train": ["a"]}})
    )
    end = attempt.trainer
    rows = _rows(end, number, steps)
    pulse = {"i": [0], "util": [97], "mem": [61000], "temp": [63], "watt": [648]}
    with open(attempt.runner, "wb") as file:
        file.write(encode(r.RunnerStarted(T0, 10, 1, "boot", "0", "3.11", "box", 5.0, 5.0)))
        file.write(encode(r.Started(T0, 11, 2, "boot")))
        for at in range(0, int(0.3 * steps), 5):
            file.write(encode(r.Beat(T0 + at, float(at), True)))
            file.write(
                encode(
                    r.Pulsed(T0 + at, {**pulse, "util": [90 + at % 10], "watt": [600 + at % 97]})
                )
            )
            file.write(encode(r.Grew(T0 + at, 0, rows[min(int(at / 0.3), steps - 1)])))
        file.write(encode(r.Exited(ended + 1, 0, None, False, 0.3 * steps, steps, ())))
    size = sum(path.stat().st_size for path in run.folder.rglob("*") if path.is_file())
    return {"run": run.id, "bytes": size}


def _rows(path: Path, number: int, steps: int) -> list[int]:
    """Where each row ends."""
    chance, ends, at = random.Random(number), list[int](), 0
    with open(path, "wb") as file:
        for step in range(1, steps + 1):
            loss = 1 + 3 / (1 + step / 5000) + chance.gauss(0, 0.05)
            row = {
                "step": step, "epoch": round(step / 29000, 4), "learning_rate": 3e-4 * (1 - step / steps),
                "tokens": step * 2048, "loss": round(loss, 6), "grad_norm": round(abs(chance.gauss(1, 0.2)), 6),
                "tokens_s": round(chance.gauss(6800, 40), 1), "step_s": round(chance.gauss(0.3, 0.004), 6),
                "t": T0 + 0.3 * step,
            }  # fmt: skip
            at += file.write(json.dumps(row, separators=(",", ":")).encode() + b"\n")
            ends.append(at)
    return ends


def verb(home: str, words: list[str]) -> int:
    """The command as a user gives it, in a process that counts as its child."""
    env = {**os.environ, "COCKPIT_HOME": home}
    done = subprocess.run(
        [sys.executable, "-m", "engine.cli", *words],
        cwd=ROOT,
        env=env,
        capture_output=True,
        check=True,
    )
    return len(done.stdout)


def seek(home: str, name: str) -> dict[str, float]:
    """Random places of a recording under the screen's own reader."""
    tape = _tape(home, name)
    begun = time.perf_counter()
    tape.look()
    while (found := tape.look()) is not None and found.behind:
        pass
    opening = time.perf_counter() - begun
    chance, spent = random.Random(1), []
    tape.head.play() if tape.head.position.playing else None
    for _ in range(SEEKS):
        tape.head.seek(chance.random())
        begun = time.perf_counter()
        tape.look()
        spent.append(1000 * (time.perf_counter() - begun))
    ordered = sorted(spent)
    return {
        "p99_ms": ordered[int(0.99 * SEEKS)],
        "median_ms": statistics.median(spent),
        "open_s": opening,
    }


def played(home: str, name: str) -> dict[str, float]:
    """Ten seconds of it at 600 times its pace: what a frame costs, and how far behind its clock it comes."""
    from engine.replay import Replay, play
    from engine.runs import Run

    replay = Replay(Run(Path(home) / "logs" / name))
    begun, cpu, frames, late = time.perf_counter(), time.process_time(), 0, 0.0
    for frame in play(replay, SPEED):
        replay.status(frame)
        passed = time.perf_counter() - begun
        late = max(late, passed - (frame.now - replay.start) / SPEED)
        frames += 1
        if passed > 10:
            break
    passed = time.perf_counter() - begun
    return {"share": (time.process_time() - cpu) / passed, "frames": frames, "late_ms": 1000 * late}


def _tape(home: str, name: str) -> Any:
    from cockpit.watching.source import Tape
    from engine.runs import Run

    run = Run(Path(home) / "logs" / name)
    return Tape(run)
