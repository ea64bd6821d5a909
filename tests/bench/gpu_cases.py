"""What is measured on a GPU, and which of its figures are promised: cases as values, promises as a pure function.

Published peaks are those of the same shape, method, length and batch: torchtune's table for a 4090, and the longest row
that Unsloth trains on a card of 24 GB.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.bench.figures import Figure

QWEN = {
    "14b": {"hidden_size": 5120, "intermediate_size": 13824, "num_hidden_layers": 48, "num_attention_heads": 40,
                "num_key_value_heads": 8, "vocab_size": 152064, "tie_word_embeddings": False},
    "7b": {"hidden_size": 3584, "intermediate_size": 18944, "num_hidden_layers": 28, "num_attention_heads": 28,
               "num_key_value_heads": 4, "vocab_size": 152064, "tie_word_embeddings": False},
    "8b": {"hidden_size": 4096, "intermediate_size": 14336, "num_hidden_layers": 32, "num_attention_heads": 32,
           "num_key_value_heads": 8, "vocab_size": 128256, "tie_word_embeddings": False},
    "tiny": {"hidden_size": 64, "intermediate_size": 128, "num_hidden_layers": 2, "num_attention_heads": 4,
                 "num_key_value_heads": 2, "vocab_size": 1024, "tie_word_embeddings": False},
}  # fmt: skip
ALL = ("q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj")
CHECKPOINTED = {"gradient_checkpointing": True}


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
    Case("gpt2-124m scratch, started again", "gpt2", "full", 1024, (64, 32), 128, steps=5),
    Case("gpt2-124m scratch, eager", "gpt2", "full", 1024, (32,), 128, extra={"compile": False}),
    Case("qwen-14b lora", "14b", "lora", 2048, (4, 2, 1), 8),
    Case("qwen-14b dora", "14b", "dora", 2048, (4, 2, 1), 8),
    Case("qwen-14b dora, dropout 0", "14b", "dora", 2048, (4, 2, 1), 8, dropout=0.0),
    Case("qwen-14b dora, checkpointing", "14b", "dora", 2048, (8, 4), 16, extra=CHECKPOINTED),
    Case("qwen-7b lora", "7b", "lora", 2048, (8, 4), 16, rank=16),
    Case("qwen-7b dora", "7b", "dora", 2048, (8, 4), 16, rank=16),
    Case("qwen-7b qlora", "7b", "lora", 2048, (8, 4), 16, bits=4, rank=16),
    Case("qwen-7b qdora", "7b", "dora", 2048, (8, 4), 16, bits=4, rank=16),
    Case("qwen-7b qlora, checkpointing", "7b", "lora", 2048, (16, 8), 16, bits=4, rank=16, extra=CHECKPOINTED),
    Case("llama-8b lora, as torchtune's", "8b", "lora", 2048, (2,), 2, rank=8, extra=CHECKPOINTED),
    Case("llama-8b qlora, as torchtune's", "8b", "lora", 2048, (2,), 2, bits=4, rank=8, extra=CHECKPOINTED),
    Case("llama-8b qlora, 78,475 tokens", "8b", "lora", 78475, (1,), 1, steps=5, bits=4, rank=32, extra=CHECKPOINTED),
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

Found = Mapping[str, Mapping[str, Any]]
"""A case's name to what was measured, or to its `error`."""

SCALARS = (
    ("gpt2-124m scratch", "tokens_s", 1.0, "tok/s", ">= 500,000"),
    ("gpt2-124m scratch", "mfu", 100.0, "% MFU", ">= 45 %"),
    ("gpt2-124m scratch, started again", "ready_s", 1.0, "s to the first step", "<= 5 s"),
    ("qwen-14b dora", "tokens_s", 1.0, "tok/s", ">= 6,000"),
    ("qwen-14b dora, checkpointing", "tokens_s", 1.0, "tok/s", ">= 6,000"),
    ("qwen-7b qlora", "mfu_6n", 100.0, "% of peak, 6N", ">= 40 %"),
    ("qwen-7b qlora, checkpointing", "mfu_6n", 100.0, "% of peak, 6N", ">= 40 %"),
    ("llama-8b lora, as torchtune's", "memory", 1.0, "GiB peak", "<= 16.2 GiB"),
    ("llama-8b qlora, as torchtune's", "memory", 1.0, "GiB peak", "<= 7.4 GiB"),
    ("llama-8b qlora, 78,475 tokens", "memory", 1.0, "GiB peak", "<= 22.4 GiB"),
)
PAIRS = (
    ("qwen-14b dora", "qwen-14b lora"),
    ("qwen-7b dora", "qwen-7b lora"),
    ("qwen-7b qdora", "qwen-7b qlora"),
)


def promised(found: Found) -> Iterator[Figure]:
    """The issue's figures, in its order; what could not be measured says why."""
    for name, key, factor, unit, target in SCALARS:
        one = found.get(name, {"error": "not run"})
        value = None if one.get(key) is None else factor * one[key]
        yield Figure(name, value, unit, target=target, note=_said(one))
    for tuned, plain in PAIRS:
        one, other = found.get(tuned, {}), found.get(plain, {})
        value = None
        if "tokens_s" in one and "tokens_s" in other:
            value = other["tokens_s"] / one["tokens_s"]
        yield Figure(f"{tuned}, time of {plain}", value, "x", target="<= 1.15x", note=_said(one))


def _said(one: Mapping[str, Any]) -> str:
    if "error" in one:
        return str(one["error"])
    if not one:
        return "not run"
    return f"{one['device']}, {one['micro']} x {one['length']}, torch {one['torch']}, weights random at the true shape"
