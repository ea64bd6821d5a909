"""From the command to the first step on a warm cache, beyond importing torch and loading weights, in CPU-seconds.

The whole of `python -m engine.train`, up to its first row: a GPT from scratch on running text, and LoRA on a model of
30 million weights read from disk with its tokenizer. The rows are tokenised by a first run that does not count.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from tests.bench.figures import Figure
from tests.bench.measure import apart

TARGET = "<= 5 s"


def run() -> list[Figure]:
    with tempfile.TemporaryDirectory() as folder:
        apart("tests.bench.first_step:prepare", folder)
        quiet = {"OMP_NUM_THREADS": "1", "HF_HUB_OFFLINE": "1"}
        quiet["XDG_CACHE_HOME"] = str(Path(folder) / "cache")
        out = []
        for name in ("scratch", "lora"):
            took = [
                apart("tests.bench.first_step:first", folder, name, attempt, env=quiet).result
                for attempt in range(4)
            ]
            best = sorted(took[1:], key=lambda each: float(each["own"]))[1]
            note = f"after {best['torch']:.1f} s for torch, {best['weights']:.1f} s for weights; median of 3"
            out.append(
                Figure(
                    f"start to first step, {name}", best["own"], "CPU-s", target=TARGET, note=note
                )
            )
    return out


def prepare(folder: str) -> None:
    """A base model, and a profile for each case."""
    from tests.bench.rivals import weights
    from tests.engine.train import miniature

    root = Path(folder)
    miniature.base(root / "base", vocab=8192)
    weights("qwen2").save_pretrained(root / "base")
    miniature.instructions(root / "rows.jsonl", 2000)
    once = {"max_steps": 1, "threads": 1, "micro_batch": 1}
    miniature.profile(root, train=once).rename(root / "lora.json")
    size = {"layers": 4, "heads": 4, "width": 128, "vocab": 512}
    miniature.profile(
        root, recipe="pretrain", model={"base": None, "from_scratch": size}, adapter={"kind": "full"},
        data={"train": [str(miniature.TEXT)], "max_length": 64}, train=once,
    ).rename(root / "scratch.json")  # fmt: skip


def first(folder: str, name: str, attempt: int) -> dict[str, float]:
    """In a process of its own: CPU-seconds from the interpreter's start to the first row."""
    import torch

    spent = {"torch": time.process_time(), "weights": 0.0}
    from engine.train import __main__, models
    from engine.train.voice import Voice

    load, tell = models._load, Voice.row

    def loading(*given: Any) -> Any:
        began = time.process_time()
        found = load(*given)
        spent["weights"] = time.process_time() - began
        return found

    def row(self: Voice, **metrics: Any) -> None:
        tell(self, **metrics)
        if "loss" in metrics and "own" not in spent:
            spent["own"] = time.process_time() - spent["torch"] - spent["weights"]

    models._load, Voice.row = loading, row  # type: ignore[method-assign]
    root = Path(folder)
    os.environ["COCKPIT_EVENTS"] = str(root / "rows.out")
    out, sys.stdout = sys.stdout, (root / "console.log").open("w")
    status = __main__.main([str(root / f"{name}.json"), "--out", str(root / f"{name}-{attempt}")])
    sys.stdout = out
    if status or torch.get_num_threads() != 1:
        raise RuntimeError((root / "console.log").read_text()[-300:] or json.dumps(spent))
    return spent
