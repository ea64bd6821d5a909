"""Training speed on a CUDA device: `PYTHONPATH=. python3 tests/bench/gpu_train.py [CASE …]` prints a Markdown table.

Weights are random at the true shapes and tokens are random: speed and memory do not depend on either. Each case runs
the trainer's own loop in a process of its own with a time limit; one that fails says why and the others go on.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from tests.bench import table
from tests.bench.figures import Figure
from tests.bench.gpu_cases import ALL, CASES, QWEN, SMOKE, Case, promised

WARM = 3
BUDGET_S = 3300.0


def run() -> list[Figure]:
    """The promised figures for `make bench`; where there is no CUDA device, a line that says so."""
    import torch

    if not torch.cuda.is_available():
        note = "no CUDA device here: what was measured on one stands in tests/bench/gpu.md"
        return [Figure("training on a GPU", None, "", note=note)]
    ends = time.monotonic() + BUDGET_S
    return list(promised({case.name: attempt(case, ends) for case in CASES}))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("cases", nargs="*", help="parts of names; all if none")
    parser.add_argument("--one", help=argparse.SUPPRESS)
    parser.add_argument("--micro", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--smoke", action="store_true", help="seconds, on any machine")
    parser.add_argument(
        "--budget", type=float, default=BUDGET_S, help="seconds for all cases together"
    )
    options = parser.parse_args()
    known = SMOKE if options.smoke else CASES
    if options.one:
        found = measure(next(c for c in CASES + SMOKE if c.name == options.one), options.micro)
        print("RESULT " + json.dumps(found), flush=True)
        return 0
    ends = time.monotonic() + options.budget
    wanted = [c for c in known if not options.cases or any(p in c.name for p in options.cases)]
    print(heading(), flush=True)
    results = {}
    for case in wanted:
        results[case.name] = attempt(case, ends)
        print(line(case, results[case.name]), flush=True)
    if not options.smoke:
        print("\n" + table.markdown(list(promised(results))), flush=True)
    return 0


def attempt(case: Case, ends: float) -> dict[str, Any]:
    """The first micro-batch that fits, in a process that takes its memory with it."""
    why = "no time left"
    for micro in case.micro:
        limit = min(case.limit_s, ends - time.monotonic())
        if limit < 20:
            break
        argv = [sys.executable, __file__, "--one", case.name, "--micro", str(micro)]
        try:
            done = subprocess.run(argv, capture_output=True, text=True, timeout=limit, check=False)
        except subprocess.TimeoutExpired:
            return {"error": f"over {limit:.0f} s"}
        for text in done.stdout.splitlines():
            if text.startswith("RESULT "):
                found: dict[str, Any] = json.loads(text[7:])
                return found
        why = (done.stderr.strip().splitlines() or ["died"])[-1][:200]
        print(f"<!-- {case.name}, micro {micro}: {why} -->", flush=True)
        if "memory" not in done.stderr.lower():
            break
    return {"error": why}


def measure(case: Case, micro: int) -> dict[str, Any]:
    import numpy as np
    import torch

    from engine.train.asked import Asked
    from engine.train.build import Parts, assemble, begin
    from engine.train.corpus import blocks
    from engine.train.loop import train
    from engine.train.meter import peak_flops
    from engine.train.models import weights
    from engine.train.ranks import join

    world = join()
    job = job_of(case, micro)
    torch.set_float32_matmul_precision("high")
    net, card, vocab = model_of(case, job, world.device)
    folder = Path(tempfile.mkdtemp())
    os.environ["COCKPIT_EVENTS"] = str(folder / "rows.jsonl")
    need = case.rows * case.length * (case.steps + 1) + 1
    tokens = np.random.default_rng(0).integers(0, vocab, need, dtype=np.int32)
    began, ready = time.monotonic(), time.time()
    run = assemble(job, world, Parts(Silent(), [blocks(tokens, case.length)], None, net, card),
                   folder / "out", Asked())  # fmt: skip
    run.saver.save = lambda *a: None  # type: ignore[method-assign]
    begin(run)
    with Console(folder):
        train(run)
    rows = [json.loads(text) for text in (folder / "rows.jsonl").read_text().splitlines()]
    rows = [row for row in rows if "step_s" in row]
    steady = [row["step_s"] for row in rows[WARM:]]
    step = statistics.median(steady)
    tokens_s = case.rows * case.length / step
    peak = peak_flops(world.device, run.dtype)
    count = sum(weights(net.model))
    attention = 12 * card.layers * card.width * case.length
    return {
        "device": torch.cuda.get_device_name() if world.device.type == "cuda" else "cpu",
        "torch": torch.__version__, "micro": micro, "length": case.length, "step_s": step, "tokens_s": tokens_s,
        "mfu": peak and card.flops_per_token * tokens_s / peak,
        "mfu_6n": peak and (6 * count + attention) * tokens_s / peak,
        "memory": rows[-1]["memory_peak"] / 2**30, "first_s": rows[0]["step_s"],
        "ready_s": rows[0]["t"] - ready, "loss": [rows[0]["loss"], rows[-1]["loss"]], "all_s": time.monotonic() - began,
        "data_s": statistics.median(row.get("data_s", 0.0) for row in rows[WARM:]),
    }  # fmt: skip


class Console:
    """The trainer's own lines go to a file."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "console.log"

    def __enter__(self) -> None:
        self._out, sys.stdout = sys.stdout, self._path.open("w")

    def __exit__(self, *error: object) -> None:
        sys.stdout.close()
        sys.stdout = self._out


class Silent:
    """No tokenizer: nothing is read and nothing is written here."""

    eos, eos_id, size, has_chat = "", 0, 0, False

    def encode_many(self, texts: list[str]) -> list[list[int]]:
        raise NotImplementedError

    def decode(self, ids: list[int]) -> str:
        raise NotImplementedError

    def chat(self, turns: Any, ask: bool) -> str:
        raise NotImplementedError

    def files(self) -> dict[str, bytes]:
        return {}


def job_of(case: Case, micro: int) -> Any:
    from engine.train.job import read_job

    scratch = {"gpt2": (12, 12, 768), "gpt2-tiny": (2, 2, 64)}.get(case.shape)
    tables: dict[str, Any] = {
        "name": "bench",
        "recipe": "pretrain" if scratch else "finetune",
        "model": {"base": "random", **({"bits": case.bits} if case.bits else {})},
        "adapter": {"kind": case.kind, "rank": case.rank, "alpha": 2 * case.rank,
                    "dropout": case.dropout, "targets": ["all-linear"] if scratch else list(ALL)},
        "data": {"train": ["random"], "max_length": case.length},
        "optim": {"learning_rate": 1e-4},
        "schedule": {"kind": "constant"},
        "train": {"micro_batch": micro, "grad_accum": case.rows // micro, "max_steps": case.steps,
                  **case.extra},
    }  # fmt: skip
    if scratch:
        layers, heads, width = scratch
        tables["model"]["from_scratch"] = {"layers": layers, "heads": heads, "width": width}
    return read_job(json.dumps(tables).encode())


def model_of(case: Case, job: Any, device: Any) -> Any:
    import torch

    from engine.train import models

    if case.shape.startswith("gpt2"):
        return (*models.scratch(job, 50257, device), 50257)
    from transformers import Qwen2Config, Qwen2ForCausalLM

    shape = Qwen2Config(
        max_position_embeddings=max(4096, case.length), rope_theta=1e6, **QWEN[case.shape]
    )
    shape._attn_implementation = "sdpa"
    torch.set_default_dtype(models.precision(job, device))
    with torch.device(device):
        model = Qwen2ForCausalLM(shape)
    torch.set_default_dtype(torch.float32)
    return (*models.equip(model, job, device), shape.vocab_size)


def heading() -> str:
    names = "case | micro x length | step ms | tokens/s | MFU (what is computed) | MFU (6N) | peak GiB | first step s"
    return f"| {names} |\n|" + "---|" * 8


def line(case: Case, found: dict[str, Any]) -> str:
    if "error" in found:
        return f"| {case.name} | {found['error']} |" + " |" * 6
    share = lambda value: "-" if value is None else f"{100 * value:.1f} %"  # noqa: E731
    return (
        f"| {case.name} | {found['micro']} x {case.length} | {1000 * found['step_s']:.0f}"
        f" | {found['tokens_s']:,.0f} | {share(found['mfu'])} | {share(found['mfu_6n'])}"
        f" | {found['memory']:.1f} | {found['first_s']:.1f} | <!-- {json.dumps(found)} -->"
    )


if __name__ == "__main__":
    sys.exit(main())
