"""One trainer in a process of its own, that takes a step when it is told to: `python -m tests.bench.rivals WHO FAMILY`.

A line on standard input is a contest, as JSON. Each step answers with the CPU-seconds it took and its loss, then waits:
whoever waits spends nothing, so trainers that take turns step by step share the machine's good and bad moments.
Everyone gets the same weights, the same first factors, the same rows in the same order, fp32, and one thread.
"""

from __future__ import annotations

import gc
import hashlib
import json
import os
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

SHAPES: dict[str, dict[str, Any]] = {
    "qwen2": {"hidden_size": 512, "intermediate_size": 1408, "num_hidden_layers": 4, "num_attention_heads": 8,
              "num_key_value_heads": 4, "max_position_embeddings": 512, "tie_word_embeddings": False},
    "gpt2": {"n_embd": 512, "n_layer": 4, "n_head": 8, "n_positions": 512,
             "attn_pdrop": 0.0, "embd_pdrop": 0.0, "resid_pdrop": 0.0},
}  # fmt: skip
VOCAB, SEED = 8192, 42


@dataclass(frozen=True)
class Contest:
    """What is trained, on how much."""

    kind: str
    bits: int | None = None
    dropout: float = 0.0
    rate: float = 1e-4
    rows: int = 2
    length: int = 256
    steps: int = 8
    layers: bool = False


class Turns:
    """The other end of the pipe; the trainers' own words go to standard error."""

    def __init__(self) -> None:
        self._out = os.fdopen(os.dup(1), "w")
        os.dup2(2, 1)
        self._since = 0.0

    def began(self) -> None:
        self._since = time.process_time()

    def took(self, loss: float) -> None:
        """A step is done: say so, and wait for the next turn."""
        self.answer({"cpu_s": time.process_time() - self._since, "loss": loss})
        sys.stdin.readline()
        self._since = time.process_time()

    def answer(self, said: dict[str, Any]) -> None:
        print(json.dumps(said), file=self._out, flush=True)


def main(who: str, family: str) -> None:
    import torch

    torch.set_num_threads(1)
    turns = Turns()
    trainer = {"ours": ours, "peft": plain, "transformers": by_transformers, "trl": by_trl}[who]
    for wanted in iter(sys.stdin.readline, ""):
        turns.began()
        trainer(family, Contest(**json.loads(wanted)), turns)
        gc.collect()


def weights(family: str) -> Any:
    """The same random model for everyone."""
    import torch
    from transformers import GPT2Config, GPT2LMHeadModel, Qwen2Config, Qwen2ForCausalLM

    torch.manual_seed(11)
    shape = {**SHAPES[family], "vocab_size": VOCAB, "attn_implementation": "sdpa"}
    if family == "qwen2":
        return Qwen2ForCausalLM(Qwen2Config(**shape))
    return GPT2LMHeadModel(GPT2Config(**shape))


def corpus(wanted: Contest) -> Any:
    """Documents of `length` tokens, one to a row."""
    import numpy as np

    from tests.support.corpora import laid

    count = wanted.rows * wanted.steps
    ids = np.random.default_rng(3).integers(0, VOCAB, (count, wanted.length)).tolist()
    return laid(ids, wanted.length, False, SEED)


def rows(wanted: Contest) -> list[list[int]]:
    """The documents in the order in which our feed takes them."""
    from engine.train.feed import Plan

    plan = Plan(corpus(wanted), SEED, 0, 1.0, wanted.rows, wanted.rows)
    bins = [b for step in range(wanted.steps) for b in plan.bins(step)]
    return [plan.corpus.bin(int(b))[0].ids.tolist() for b in bins]


def same_factors(named: Any) -> None:
    """The same first factors for everyone, drawn by name and not by turn."""
    import torch

    for name, p in named:
        if "lora_A" in name:
            short = name.removeprefix("base_model.model.").removesuffix(".default.weight")
            seed = int.from_bytes(hashlib.sha256(short.encode()).digest()[:4], "big")
            source = torch.Generator().manual_seed(seed)
            p.data.copy_(torch.randn(p.shape, generator=source) * 0.02)


def ours(family: str, wanted: Contest, turns: Turns) -> None:
    """The trainer as it is, rows written and all; checkpoints alone are left out, as for the others."""
    import torch

    from engine.train import models
    from engine.train.asked import Asked
    from engine.train.build import Parts, assemble
    from engine.train.job import read_job
    from engine.train.loop import train
    from engine.train.ranks import World
    from tests.bench.gpu_train import Silent

    adapter = {"kind": wanted.kind, "rank": 16, "alpha": 32, "dropout": wanted.dropout}
    tables = {
        "name": "bench", "recipe": "finetune",
        "model": {"base": "random", **({"bits": wanted.bits} if wanted.bits else {})}, "adapter": adapter,
        "data": {"train": ["random"], "max_length": wanted.length},
        "optim": {"learning_rate": wanted.rate, "weight_decay": 0.0}, "schedule": {"kind": "constant"},
        "train": {"micro_batch": wanted.rows, "max_steps": wanted.steps, "threads": 1, "seed": SEED,
                  "layer_norms": wanted.layers},
    }  # fmt: skip
    job, device = read_job(json.dumps(tables).encode()), torch.device("cpu")
    net, card = models.equip(weights(family), job, device)
    same_factors(net.learning())
    folder = Path(tempfile.mkdtemp())
    os.environ["COCKPIT_EVENTS"] = str(folder / "rows.jsonl")
    parts = Parts(Silent(), [corpus(wanted)], None, net, card)
    run = assemble(job, World(0, 1, device), parts, folder, Asked())
    run.saver.save = lambda *a: None  # type: ignore[method-assign]
    tell = run.voice.row

    def row(**metrics: Any) -> None:
        tell(**metrics)
        turns.took(metrics["loss"])

    run.voice.row = row  # type: ignore[method-assign]
    train(run)


def adapted(family: str, wanted: Contest) -> Any:
    """The same model as PEFT adapts it."""
    import torch

    model = weights(family)
    if wanted.bits:
        from engine.train.quantize import quantize

        quantize(model, model.get_output_embeddings(), torch.device("cpu"), torch.float32)
    if wanted.kind == "full":
        return model.train()
    from peft import LoraConfig, get_peft_model

    settings = LoraConfig(
        r=16, lora_alpha=32, lora_dropout=wanted.dropout, use_dora=wanted.kind == "dora", task_type="CAUSAL_LM",
        target_modules="all-linear", fan_in_fan_out=family == "gpt2" and not wanted.bits,
    )  # fmt: skip
    model = get_peft_model(model, settings)
    same_factors(model.named_parameters())
    return model.train()


def plain(family: str, wanted: Contest, turns: Turns) -> None:
    """transformers' model, PEFT's adapters and torch's optimizer in the shortest loop there is."""
    import torch

    model, taken = adapted(family, wanted), rows(wanted)
    params = [p for p in model.parameters() if p.requires_grad]
    optimizer = torch.optim.AdamW(params, lr=wanted.rate, weight_decay=0.0, fused=True)
    torch.manual_seed(SEED)
    for step in range(wanted.steps):
        ids = torch.tensor(taken[step * wanted.rows : (step + 1) * wanted.rows])
        loss = model(input_ids=ids, labels=ids).loss
        loss.backward()
        torch.nn.utils.clip_grad_norm_(params, 1.0)
        optimizer.step()
        optimizer.zero_grad()
        turns.took(loss.item())


def settings_of(kind: Any, wanted: Contest, **more: Any) -> Any:
    return kind(
        output_dir=tempfile.mkdtemp(), per_device_train_batch_size=wanted.rows, max_steps=wanted.steps,
        learning_rate=wanted.rate, weight_decay=0.0, lr_scheduler_type="constant", max_grad_norm=1.0, seed=SEED,
        logging_steps=1, save_strategy="no", report_to=[], disable_tqdm=True, use_cpu=True, dataloader_num_workers=0,
        train_sampling_strategy="sequential", optim="adamw_torch_fused", bf16=False, gradient_checkpointing=False,
        **more,
    )  # fmt: skip


def ticking(turns: Turns) -> Any:
    from transformers import TrainerCallback

    class Ticks(TrainerCallback):  # type: ignore[misc]
        def on_log(self, *given: Any, logs: dict[str, float], **more: Any) -> None:
            if "loss" in logs:
                turns.took(float(logs["loss"]))

    return Ticks()


def by_transformers(family: str, wanted: Contest, turns: Turns) -> None:
    from transformers import Trainer, TrainingArguments

    data = [{"input_ids": row, "labels": row} for row in rows(wanted)]
    settings = settings_of(TrainingArguments, wanted)
    model = adapted(family, wanted)
    Trainer(model, settings, train_dataset=data, callbacks=[ticking(turns)]).train()


def by_trl(family: str, wanted: Contest, turns: Turns) -> None:
    from datasets import Dataset
    from transformers import AutoTokenizer
    from trl import SFTConfig, SFTTrainer

    from tests.engine.train import miniature

    data = Dataset.from_dict({"input_ids": rows(wanted)})
    tokenizer = AutoTokenizer.from_pretrained(miniature.base(Path(tempfile.mkdtemp())))
    tokenizer.pad_token = tokenizer.eos_token
    SFTTrainer(
        adapted(family, wanted), settings_of(SFTConfig, wanted, max_length=wanted.length),
        train_dataset=data, processing_class=tokenizer, callbacks=[ticking(turns)],
    ).train()  # fmt: skip


if __name__ == "__main__":
    main(*sys.argv[1:])
