"""How we and the peers write and read the same rows, each in its own process, the peers by their own code.

So this file loads nothing that is not used: its start is part of what is measured.
"""

from __future__ import annotations

import json
import math
import random
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

# mypy: disable-error-code="import-not-found, import-untyped, unused-ignore"

TRIES = 15
METRICS = (
    "loss",
    "grad_norm",
    "learning_rate",
    "tokens_per_s",
    "step_s",
    "gpu_util",
    "gpu_mem",
    "mfu",
)


T0, GAP_S = 1.7e9, 0.3


def rows_of(count: int) -> Iterator[dict[str, Any]]:
    """A run that learns."""
    draw = random.Random(1)
    for step in range(count):
        row = {name: draw.random() for name in METRICS}
        row["loss"] = 2 + 8 * math.exp(-step / 2e5) + draw.gauss(0, 0.1)
        row["learning_rate"] = 1e-4 * (1 - step / count)
        yield {"step": step, **row, "t": T0 + step * GAP_S + draw.random() * 0.01}


def write(path: str, count: int) -> int:
    """The rows as `emit` writes them; the file's size."""
    with open(path, "w") as file:
        file.writelines(json.dumps(row, separators=(",", ":")) + "\n" for row in rows_of(count))
        return file.tell()


def read(path: str, kept: str | None) -> int:
    from engine.columns import Source

    return len(Source(Path(path), Path(kept) if kept else None).poll())


def glance(path: str) -> dict[str, float]:
    from engine.columns import preview

    return {"preview": _ms(lambda: preview(Path(path)), TRIES)}


def again(path: str, kept: str) -> dict[str, float]:
    from engine.columns import Source, envelope, tally

    opened = _ms(lambda: Source(Path(path), Path(kept)).poll(), TRIES)
    table = Source(Path(path), Path(kept)).poll()
    steps, losses = table.points("loss")
    return {
        "reopen": opened,
        "tally": _ms(lambda: tally(table), TRIES),
        "envelope": _ms(lambda: envelope(steps, losses, 200), TRIES),
    }


def _ms(work: Callable[[], object], tries: int) -> float:
    taken = []
    for _ in range(tries):
        begun = time.perf_counter()
        work()
        taken.append(time.perf_counter() - begun)
    return sorted(taken)[tries // 2] * 1000


def write_tensorboard(folder: str, count: int) -> None:
    from tensorboard.compat.proto.event_pb2 import Event
    from tensorboard.compat.proto.summary_pb2 import Summary
    from tensorboard.summary.writer.record_writer import RecordWriter

    Path(folder).mkdir()
    with open(f"{folder}/events.out.tfevents.1.bench", "wb") as file:
        writer = RecordWriter(file)
        writer.write(Event(wall_time=1.0, file_version="brain.Event:2").SerializeToString())
        for row in rows_of(count):
            for name in METRICS:
                told = Summary(value=[Summary.Value(tag=name, simple_value=row[name])])
                event = Event(wall_time=row["t"], step=row["step"], summary=told)
                writer.write(event.SerializeToString())


def write_losses(folder: str, losses: list[float]) -> None:
    """For TensorBoard, one metric alone."""
    from tensorboard.compat.proto.event_pb2 import Event
    from tensorboard.compat.proto.summary_pb2 import Summary
    from tensorboard.summary.writer.record_writer import RecordWriter

    Path(folder).mkdir()
    with open(f"{folder}/events.out.tfevents.1.bench", "wb") as file:
        writer = RecordWriter(file)
        writer.write(Event(wall_time=1.0, file_version="brain.Event:2").SerializeToString())
        for step, loss in enumerate(losses, 1):
            told = Summary(value=[Summary.Value(tag="loss", simple_value=loss)])
            writer.write(Event(wall_time=T0 + step, step=step, summary=told).SerializeToString())


def read_tensorboard(folder: str) -> int:
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    found = EventAccumulator(folder, size_guidance={"scalars": 0}).Reload()
    return sum(len(found.Scalars(name)) for name in found.Tags()["scalars"])


def write_wandb(folder: str, count: int) -> None:
    import wandb

    Path(folder).mkdir()
    settings = wandb.Settings(mode="offline", silent=True, x_disable_stats=True, root_dir=folder)
    told = wandb.init(project="bench", settings=settings)
    for row in rows_of(count):
        told.log({name: row[name] for name in METRICS}, step=row["step"])
    told.finish()


def read_wandb(folder: str) -> int:
    """wandb has no reader in Python any more: its program prints every record as JSON."""
    import subprocess

    import wandb

    program = Path(wandb.__file__).parent / "bin" / "wandb-core"
    (path,) = Path(folder).rglob("*.wandb")
    argv = [str(program), "leet", "inspect", "-no-observability", "-json", "-run-file", str(path)]
    printed = subprocess.run(argv, stdout=subprocess.PIPE, check=True).stdout
    return printed.count(b'"type":"history"') * len(METRICS)
