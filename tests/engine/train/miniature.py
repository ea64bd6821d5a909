"""Small true things to train: models of two families with random weights, a tokenizer, rows of every shape."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import torch

from engine.train.tokenizer import train_bpe

TEXT = Path(__file__).parents[3] / "profiles" / "demo.txt"
CHATML = (
    "{% for m in messages %}<|im_start|>{{ m['role'] }}\n{{ m['content'] }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)


def base(folder: Path, family: str = "qwen2", vocab: int = 320) -> Path:
    """A model's folder as transformers saves it."""
    from transformers import GPT2Config, GPT2LMHeadModel, Qwen2Config, Qwen2ForCausalLM

    torch.manual_seed(7)
    if family == "qwen2":
        shape = Qwen2Config(
            vocab_size=vocab, hidden_size=32, intermediate_size=64, num_hidden_layers=2,
            num_attention_heads=4, num_key_value_heads=2, max_position_embeddings=128,
            tie_word_embeddings=False,
        )  # fmt: skip
        model: Any = Qwen2ForCausalLM(shape)
    else:
        model = GPT2LMHeadModel(
            GPT2Config(vocab_size=vocab, n_embd=32, n_layer=2, n_head=4, n_positions=128,
                       attn_pdrop=0.0, embd_pdrop=0.0, resid_pdrop=0.0)
        )  # fmt: skip
    model.save_pretrained(folder)
    codec = train_bpe([TEXT.read_text()[:20000]], vocab)
    for name, content in codec.files().items():
        (folder / name).write_bytes(content)
    settings = json.loads((folder / "tokenizer_config.json").read_text())
    (folder / "tokenizer_config.json").write_text(json.dumps({**settings, "chat_template": CHATML}))
    return folder


def instructions(path: Path, count: int = 40) -> Path:
    """Rows of the first seed's shape, of uneven lengths."""
    tales = TEXT.read_text().split("\n\n\n")
    rows = [
        {
            "instruction": f"Tell tale number {i}.",
            "input": "" if i % 3 else "Be brief.",
            "output": tales[i % len(tales)][: 40 + 23 * i % 200],
        }
        for i in range(count)
    ]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def profile(folder: Path, **tables: Any) -> Path:
    """A frozen profile of an instruction tuning, with these tables laid over it."""
    plain: dict[str, Any] = {
        "name": "mini",
        "recipe": "finetune",
        "model": {"base": str(folder / "base")},
        "adapter": {"kind": "lora", "rank": 4, "alpha": 8, "dropout": 0.1},
        "data": {"train": [str(folder / "rows.jsonl")], "max_length": 96},
        "optim": {"learning_rate": 3e-3},
        "schedule": {"kind": "cosine", "warmup_steps": 2},
        "train": {"micro_batch": 2, "grad_accum": 2, "epochs": 2.0, "threads": 1},
        "save": {"every_steps": 2, "keep": 3},
    }
    for name, table in tables.items():
        merged = {**plain.get(name, {}), **table} if isinstance(table, dict) else table
        if isinstance(merged, dict):
            merged = {key: value for key, value in merged.items() if value is not None}
        plain[name] = merged
    path = folder / "profile.json"
    path.write_text(json.dumps(plain))
    return path
