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
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

QWEN = {
    "14b": {"hidden_size": 5120, "intermediate_size": 13824, "num_hidden_layers": 48, "num_attention_heads": 40,
                "num_key_value_heads": 8, "vocab_size": 152064, "tie_word_embeddings": False},
    "7b": {"hidden_size": 3584, "intermediate_size": 18944, "num_hidden_layers": 28, "num_attention_heads": 28,
               "num_key_value_heads": 4, "vocab_size": 152064, "tie_word_embeddings": False},
    "tiny": {"hidden_size": 64, "intermediate_size": 128, "num_hidden_layers": 2, "num_attention_heads": 4,
                 "num_key_value_heads": 2, "vocab_size": 1024, "tie_word_embeddings": False},
}  # fmt: skip
ALL = ("q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj")
WARM = 3


@dataclass(frozen=True)
class Case:
    """One line of the table; `micro` are tried in turn until one fits."""

    name: str
    shape: str
    kind: str
    length: int
    micro: tuple[int, ...]
    rows: int
    steps: int = 10
    limit_s: int = 240
    bits: int | None = None
    rank: int = 128
    dropout: float = 0.05
    extra: dict[str, Any] = field(default_factory=dict)


CASES = (
    Case("gpt2-124m scratch", "gpt2", "full", 1024, (64, 32), 512, steps=14),
    Case("gpt2-124m scratch, eager", "gpt2", "full", 1024, (32,), 128, extra={"compile": False}),
    Case("qwen-14b lora", "14b", "lora", 2048, (4, 2, 1), 8),
    Case("qwen-14b dora", "14b", "dora", 2048, (4, 2, 1), 8),
    Case("qwen-14b dora, dropout 0", "14b", "dora", 2048, (4, 2, 1), 8, dropout=0.0),
    Case("qwen-14b dora, checkpointing", "14b", "dora", 2048, (8, 4), 16, extra={"gradient_checkpointing": True}),
    Case("qwen-7b lora", "7b", "lora", 2048, (8, 4), 16, rank=16),
    Case("qwen-7b dora", "7b", "dora", 2048, (8, 4), 16, rank=16),
    Case("qwen-7b qlora", "7b", "lora", 2048, (8, 4), 16, bits=4, rank=16),
    Case("qwen-7b qdora", "7b", "dora", 2048, (8, 4), 16, bits=4, rank=16),
    Case("qwen-7b qlora, checkpointing", "7b", "lora", 2048, (16, 8), 16, bits=4, rank=16,
         extra={"gradient_checkpointing": True}),
)  # fmt: skip
SMOKE = (
    Case("smoke scratch", "gpt2-tiny", "full", 64, (4,), 8, steps=6),
    Case("smoke qlora", "tiny", "lora", 64, (4,), 8, steps=6, bits=4, rank=4),
    Case("smoke dora", "tiny", "dora", 64, (4,), 8, steps=6, rank=4),
    Case("smoke compiled", "tiny", "dora", 64, (4,), 8, steps=6, rank=4,
         extra={"compile": True, "precision": "bf16"}),
    Case("smoke compiled scratch", "gpt2-tiny", "full", 64, (4,), 8, steps=6,
         extra={"compile": True, "precision": "bf16"}),
    Case("smoke compiled checkpointing", "tiny", "dora", 64, (4,), 8, steps=6, rank=4,
         extra={"compile": True, "precision": "bf16", "gradient_checkpointing": True}),
)  # fmt: skip


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("cases", nargs="*", help="parts of names; all if none")
    parser.add_argument("--one", help=argparse.SUPPRESS)
    parser.add_argument("--micro", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--smoke", action="store_true", help="seconds, on any machine")
    parser.add_argument(
        "--budget", type=float, default=1500.0, help="seconds for all cases together"
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
    for case in wanted:
        print(line(case, attempt(case, ends)), flush=True)
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
    began = time.monotonic()
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
        "torch": torch.__version__, "micro": micro, "step_s": step, "tokens_s": tokens_s,
        "mfu": peak and card.flops_per_token * tokens_s / peak,
        "mfu_6n": peak and (6 * count + attention) * tokens_s / peak,
        "memory": rows[-1]["memory_peak"] / 2**30, "first_s": rows[0]["step_s"],
        "loss": [rows[0]["loss"], rows[-1]["loss"]], "all_s": time.monotonic() - began,
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

    shape = Qwen2Config(max_position_embeddings=4096, rope_theta=1e6, **QWEN[case.shape])
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
