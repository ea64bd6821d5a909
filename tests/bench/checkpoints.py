"""Checkpoints: what committing adds to a bare save, listing 500 of them, corruptions found, a proof judged."""

from __future__ import annotations

import os
import random
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from engine import proof
from engine.checkpoints import of_run
from engine.proof import Told
from engine.reader import RunReader
from engine.shelf import look, manifest
from tests.bench.figures import FULL, Figure
from tests.support import foreign, shelves

MEGABYTES = 512 if os.environ.get(FULL) else 128
TRIES = 7
LISTED = 500
SPOILT = 200


def run() -> list[Figure]:
    return [*_committing(), _listing(), _corruptions(), _judging()]


def _cpu(act: Callable[[], object]) -> float:
    before = time.process_time()
    act()
    return time.process_time() - before


def _committing() -> list[Figure]:
    """Our own save beside the same tensors by `safetensors`' writer and an fsync, in turns, by the clock."""
    import torch
    from safetensors.torch import save_file

    from engine.train.checkpoint import Snapshot, commit

    torch.set_num_threads(1)
    tensors = {f"w{i}": torch.randn(MEGABYTES * 1024 // 32, 256) for i in range(32)}
    bare, ours = [], []
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        acts = {
            "bare": lambda n: _bare(root / "bare.safetensors", lambda p: save_file(tensors, p)),
            "ours": lambda n: commit(
                root, Snapshot(f"checkpoint-{n}", {"step": n}, {"m.safetensors": tensors})
            ),
        }
        for number in range(TRIES):
            # who goes first finds a calmer disk, so they take turns
            order = ("bare", "ours") if number % 2 else ("ours", "bare")
            spent = {name: _clock(acts[name], number) for name in order}
            bare.append(spent["bare"])
            ours.append(spent["ours"])
    added = statistics.median(b / a for a, b in zip(bare, ours, strict=True)) - 1
    note = f"{MEGABYTES} MB, median of {TRIES} pairs, files fsynced in both"
    return [
        Figure("bare save", statistics.median(bare), "s", note=note),
        Figure("committing, over a bare save", 100 * added, "%", target="<= 5 %", note=note),
    ]


def _bare(path: Path, save: Callable[[Path], object]) -> None:
    save(path)
    with path.open("rb") as file:
        os.fsync(file.fileno())


def _clock(act: Callable[[int], object], number: int) -> float:
    began = time.perf_counter()
    act(number)
    return time.perf_counter() - began


def _listing() -> Figure:
    wanted = shelves.of("out/checkpoint-*")
    with tempfile.TemporaryDirectory() as name:
        project = Path(name) / "project"
        for step in range(LISTED):
            foreign.torch_file(
                project / "out" / f"checkpoint-{step}.pt", 64, model=foreign.STATE, iter_num=step
            )
        kept = shelves.run(Path(name) / "logs", project, wanted)
        shelves.committed(kept, wanted)
        spent = _cpu(lambda: of_run(kept, RunReader(kept).poll(), wanted))
    return Figure(f"listing {LISTED} checkpoints, CPU", spent, "s", target="<= 2 s", note="local")


def _corruptions() -> Figure:
    from tests.engine.checkpoints.test_corruptions import spoil

    dice, found = random.Random(7), 0
    with tempfile.TemporaryDirectory() as name:
        path = foreign.transformers(Path(name) / "checkpoint-40", 40)
        table = manifest.of(path, look(path))
        kept = {file: file.read_bytes() for file in manifest.files(path)}
        for _ in range(SPOILT):
            spoil(dice.choice(sorted(kept)), dice)
            found += manifest.flaw(path, table, hashes=True) is not None
            for file, content in kept.items():
                file.write_bytes(content)
    return Figure("corruptions found", 100 * found / SPOILT, "%", target="100 %", note=f"{SPOILT}")


def _judging() -> Figure:
    """As the runner does once a second."""
    spec = proof.expect(500, [(s, 9 - s / 100, 1e-4) for s in range(1000)], "stop")
    rows = [Told(501 + i, {"loss": 4.0, "learning_rate": 1e-4}) for i in range(8)]
    count = 1000
    spent = _cpu(lambda: [proof.judge(spec, rows) for _ in range(count)])
    return Figure("judging a resume, CPU", 1e6 * spent / count, "us")
