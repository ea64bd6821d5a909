"""Training speed on this CPU against the peers: `python tests/bench/train.py [--steps 8] [--rounds 3]`.

The same model, batches, threads and learning rate for everyone, fp32, one thread; tokens per CPU-second, so that other
work on the machine weighs on all alike. Trainers take turns, in processes of their own; the best round of each counts.
TRL is measured where it is installed, and left out with a word where it is not.
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
from itertools import pairwise
from pathlib import Path
from typing import Any

SHAPES = {
    "qwen2": {"vocab_size": 8192, "hidden_size": 512, "intermediate_size": 1408, "num_hidden_layers": 8,
              "num_attention_heads": 8, "num_key_value_heads": 4, "max_position_embeddings": 512,
              "tie_word_embeddings": False},
    "gpt2": {"vocab_size": 8192, "n_embd": 512, "n_layer": 8, "n_head": 8, "n_positions": 512,
             "attn_pdrop": 0.0, "embd_pdrop": 0.0, "resid_pdrop": 0.0},
}  # fmt: skip
ROWS, LENGTH, RATE = 4, 256, 1e-4
METHODS = {
    "full": ("full", None, 0.0),
    "lora": ("lora", None, 0.05),
    "dora": ("dora", None, 0.05),
    "dora, dropout 0": ("dora", None, 0.0),
    "qlora": ("lora", 4, 0.05),
    "qdora": ("dora", 4, 0.05),
}
PEERS = ("ours", "peft, bare loop", "transformers", "trl")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=8)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--family", choices=list(SHAPES), default="qwen2")
    parser.add_argument("--only", nargs="*", default=list(METHODS))
    parser.add_argument("--one", nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        peer, method = options.one
        print("RESULT " + json.dumps(measure(peer, method, options)), flush=True)
        return 0
    print(
        f"{options.family}, {ROWS} x {LENGTH} tokens a step, fp32, 1 thread, tokens per CPU-second"
    )
    print(
        "| method | " + " | ".join(PEERS) + " | ours / transformers | ours / trl | losses apart |"
    )
    print("|" + "---|" * (len(PEERS) + 4))
    speeds: dict[str, float] = {}
    for method in options.only:
        found = contest(method, options)
        speeds[method] = max(r["speed"] for r in found["ours"])
        print(line(method, found), flush=True)
    for plain, tuned in (("lora", "dora"), ("lora", "dora, dropout 0"), ("qlora", "qdora")):
        if plain in speeds and tuned in speeds:
            print(f"ours: {tuned} takes {speeds[plain] / speeds[tuned]:.2f} x the time of {plain}")
    return 0


def contest(method: str, options: argparse.Namespace) -> dict[str, list[dict[str, Any]]]:
    """Everyone in turn, round by round."""
    found: dict[str, list[dict[str, Any]]] = {peer: [] for peer in PEERS}
    for _ in range(options.rounds):
        for peer in PEERS:
            if method == "full" and peer.startswith("peft"):
                continue
            argv = [sys.executable, __file__, "--one", peer, method, "--family", options.family]
            argv += ["--steps", str(options.steps)]
            env = {**os.environ, "OMP_NUM_THREADS": "1", "HF_HUB_OFFLINE": "1"}
            done = subprocess.run(argv, capture_output=True, text=True, env=env, check=False)
            lines = [x for x in done.stdout.splitlines() if x.startswith("RESULT ")]
            if lines:
                found[peer].append(json.loads(lines[0][7:]))
            elif "No module named" not in done.stderr:
                print(f"<!-- {peer}: {(done.stderr.splitlines() or ['?'])[-1]} -->")
    return found


def line(method: str, found: dict[str, list[dict[str, Any]]]) -> str:
    best = {peer: max((r["speed"] for r in rounds), default=None) for peer, rounds in found.items()}
    cells = ["-" if best[peer] is None else f"{best[peer]:.0f}" for peer in PEERS]
    ratio = [
        "-" if best[p] is None else f"{best['ours'] / best[p]:.2f}" for p in ("transformers", "trl")
    ]
    bare = "peft, bare loop" if found["peft, bare loop"] else "transformers"
    ours, theirs = found["ours"][0]["losses"], found[bare][0]["losses"] if found[bare] else []
    apart = max((abs(a - b) for a, b in zip(ours, theirs, strict=False)), default=float("nan"))
    return f"| {method} | " + " | ".join([*cells, *ratio, f"{apart:.1e}"]) + " |"


def measure(peer: str, method: str, options: argparse.Namespace) -> dict[str, Any]:
    import torch

    torch.set_num_threads(1)
    marks: list[float] = []
    losses: list[float] = []
    run = {"ours": ours, "peft, bare loop": bare, "transformers": trainer, "trl": trl}[peer]
    run(method, options, marks, losses)
    steps = [b - a for a, b in pairwise(marks[1:])]
    return {"speed": ROWS * LENGTH / statistics.median(steps), "losses": losses}


def base(family: str) -> Any:
    """The same random weights for everyone."""
    import torch
    from transformers import GPT2Config, GPT2LMHeadModel, Qwen2Config, Qwen2ForCausalLM

    torch.manual_seed(11)
    if family == "qwen2":
        return Qwen2ForCausalLM(Qwen2Config(**SHAPES["qwen2"], attn_implementation="sdpa"))
    return GPT2LMHeadModel(GPT2Config(**SHAPES["gpt2"], attn_implementation="sdpa"))


def tokens(options: argparse.Namespace) -> Any:
    import numpy as np

    count = ROWS * LENGTH * options.steps + 1
    return np.random.default_rng(3).integers(0, 8192, count, dtype=np.int32)


def order(options: argparse.Namespace) -> list[int]:
    """The rows in the order in which our feed takes them."""
    from engine.data.order import shuffled

    return [int(i) for i in shuffled(ROWS * options.steps, 42, 1, 1)]


def factors(named: Any) -> None:
    """The same first factors for everyone, drawn by name and not by turn."""
    import hashlib

    import torch

    for name, p in named:
        if "lora_A" in name:
            plain = (
                name.replace("base_model.model.", "").replace(".default", "").replace(".weight", "")
            )
            seed = int.from_bytes(hashlib.sha256(plain.encode()).digest()[:4], "big")
            p.data.copy_(torch.randn(p.shape, generator=torch.Generator().manual_seed(seed)) * 0.02)


def ours(method: str, options: argparse.Namespace, marks: list[float], losses: list[float]) -> None:
    import torch

    from engine.train import models
    from engine.train.asked import Asked
    from engine.train.build import Parts, assemble
    from engine.train.corpus import blocks
    from engine.train.job import read_job
    from engine.train.loop import train
    from engine.train.ranks import World
    from tests.bench.gpu_train import Silent

    kind, bits, dropout = METHODS[method]
    tables = {
        "name": "bench", "recipe": "finetune", "model": {"base": "random", **({"bits": bits} if bits else {})},
        "adapter": {"kind": kind, "rank": 16, "alpha": 32, "dropout": dropout},
        "data": {"train": ["random"], "max_length": LENGTH},
        "optim": {"learning_rate": RATE, "weight_decay": 0.0}, "schedule": {"kind": "constant"},
        "train": {"micro_batch": ROWS, "max_steps": options.steps, "threads": 1},
    }  # fmt: skip
    job, device = read_job(json.dumps(tables).encode()), torch.device("cpu")
    net, card = models.equip(base(options.family), job, device)
    factors(net.learning())
    folder = Path(tempfile.mkdtemp())
    os.environ["COCKPIT_EVENTS"] = str(folder / "rows.jsonl")
    corpus = blocks(tokens(options), LENGTH)
    run = assemble(
        job, World(0, 1, device), Parts(Silent(), [corpus], None, net, card), folder, Asked()
    )
    run.saver.save = lambda *a: None  # type: ignore[method-assign]
    row = run.voice.row

    def marked(**metrics: Any) -> None:
        row(**metrics)
        marks.append(time.process_time())
        losses.append(metrics["loss"])

    run.voice.row = marked  # type: ignore[method-assign]
    train(run)


def adapted(method: str, options: argparse.Namespace) -> Any:
    """The base as PEFT adapts it."""
    import torch

    kind, bits, dropout = METHODS[method]
    model = base(options.family)
    if bits:
        from engine.train.quantize import quantize

        quantize(model, model.get_output_embeddings(), torch.device("cpu"), torch.float32)
    if kind == "full":
        return model
    from peft import LoraConfig, get_peft_model

    settings = LoraConfig(
        r=16, lora_alpha=32, lora_dropout=dropout, use_dora=kind == "dora", task_type="CAUSAL_LM",
        target_modules="all-linear", fan_in_fan_out=options.family == "gpt2" and not bits,
    )  # fmt: skip
    model = get_peft_model(model, settings)
    factors(model.named_parameters())
    return model


def bare(method: str, options: argparse.Namespace, marks: list[float], losses: list[float]) -> None:
    """PEFT in the shortest loop there is."""
    import torch

    from engine.train.corpus import blocks

    model, corpus = adapted(method, options).train(), blocks(tokens(options), LENGTH)
    params = [p for p in model.parameters() if p.requires_grad]
    optimizer = torch.optim.AdamW(params, lr=RATE, weight_decay=0.0, fused=True)
    rows = order(options)
    torch.manual_seed(42)
    for step in range(options.steps):
        picked = [corpus.bin(i)[0].ids for i in rows[step * ROWS : (step + 1) * ROWS]]
        block = torch.tensor(picked, dtype=torch.long)
        logits = model(input_ids=block[:, :-1]).logits
        loss = torch.nn.functional.cross_entropy(logits.flatten(0, 1), block[:, 1:].flatten())
        loss.backward()
        torch.nn.utils.clip_grad_norm_(params, 1.0)
        optimizer.step()
        optimizer.zero_grad()
        losses.append(loss.item())
        marks.append(time.process_time())


def settings_of(kind: Any, options: argparse.Namespace, **more: Any) -> Any:
    return kind(
        output_dir=tempfile.mkdtemp(), per_device_train_batch_size=ROWS, max_steps=options.steps,
        learning_rate=RATE, weight_decay=0.0, lr_scheduler_type="constant", logging_steps=1, save_strategy="no",
        report_to=[], disable_tqdm=True, use_cpu=True, dataloader_num_workers=0, seed=42,
        optim="adamw_torch_fused", bf16=False, gradient_checkpointing=False, **more,
    )  # fmt: skip


def ticking(marks: list[float]) -> Any:
    from transformers import TrainerCallback

    class Ticks(TrainerCallback):  # type: ignore[misc]
        def on_log(self, *given: Any, **more: Any) -> None:
            marks.append(time.process_time())

    return Ticks()


def trainer(
    method: str, options: argparse.Namespace, marks: list[float], losses: list[float]
) -> None:
    from transformers import Trainer, TrainingArguments

    rows = tokens(options)[:-1].reshape(-1, LENGTH)
    data = [{"input_ids": row.tolist(), "labels": row.tolist()} for row in rows]
    settings = settings_of(TrainingArguments, options)
    held = Trainer(
        adapted(method, options), settings, train_dataset=data, callbacks=[ticking(marks)]
    )
    held.train()


def trl(method: str, options: argparse.Namespace, marks: list[float], losses: list[float]) -> None:
    from datasets import Dataset
    from transformers import AutoTokenizer
    from trl import SFTConfig, SFTTrainer

    from tests.engine.train import miniature

    rows = tokens(options)[:-1].reshape(-1, LENGTH)
    data = Dataset.from_dict({"input_ids": [row.tolist() for row in rows]})
    tokenizer = AutoTokenizer.from_pretrained(miniature.base(Path(tempfile.mkdtemp())))
    tokenizer.pad_token = tokenizer.eos_token
    settings = settings_of(SFTConfig, options, max_length=LENGTH)
    held = SFTTrainer(
        adapted(method, options), settings, train_dataset=data, processing_class=tokenizer,
        callbacks=[ticking(marks)],
    )  # fmt: skip
    held.train()


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parents[2]))
    sys.exit(main())
