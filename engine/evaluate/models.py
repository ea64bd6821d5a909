"""Open a checkpoint as a model that writes: our own, transformers', PEFT's on its base. Never by unpickling."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from engine.errors import NotFound, Problem, Unusable

IDLE_UTIL = 5
"""Percent of use below which a GPU counts as idle."""
IDLE_SHARE = 0.05
"""Of its memory in use."""


@dataclass(frozen=True)
class Writer:
    """A model and its tokenizer."""

    model: Any
    tokenizer: Any
    device: str

    @torch.no_grad()
    def write(self, prompt: str, tokens: int, temperature: float, seed: int) -> str:
        """The same weights and seed always write the same."""
        ids = self.tokenizer(prompt, return_tensors="pt", add_special_tokens=False)["input_ids"]
        if ids.shape[-1] == 0:
            ids = torch.tensor([[self.tokenizer.eos_token_id or 0]])
        source = torch.Generator().manual_seed(seed)
        end, made = self.tokenizer.eos_token_id, []
        context = getattr(self.model.config, "max_position_embeddings", None) or 1024
        rows = ids.to(self.device)
        for _ in range(tokens):
            scores = self.model(rows[:, -context:]).logits[0, -1].float().cpu()
            token = _draw(scores, temperature, source)
            if token == end:
                break
            made.append(token)
            rows = torch.cat([rows, torch.tensor([[token]], device=self.device)], dim=1)
        return str(self.tokenizer.decode(made, skip_special_tokens=True))


def _draw(scores: torch.Tensor, temperature: float, source: torch.Generator) -> int:
    if temperature <= 0:
        return int(scores.argmax())
    shares = torch.softmax(scores / temperature, dim=-1)
    return int(torch.multinomial(shares, 1, generator=source))


def open_writer(path: Path, base: str | None, device: str = "auto") -> Writer:
    """The model in this folder. `base` is what an adapter stands on, where its own word is not enough."""
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    model, source = open_model(path, base)
    where = idle_device() if device == "auto" else device
    return Writer(model.to(where).eval(), open_tokenizer(path, source), where)


def open_model(path: Path, base: str | None) -> tuple[Any, str]:
    """The model, and the folder or name whose tokenizer is its own."""
    if not path.exists():
        raise NotFound(f"no checkpoint at {path}")
    if path.is_file():
        raise Unusable(
            f"{path.name} is one file: it says neither its model's shape nor its tokenizer",
            fix="engine checkpoints RUN convert makes safetensors of it",
        )
    if (path / "adapter_config.json").is_file():
        return _adapted(path, base)
    if not (path / "config.json").is_file():
        raise Unusable(f"{path.name} has no config.json, so the model's shape is not known")
    return _load(str(path)), str(path)


def _adapted(path: Path, base: str | None) -> tuple[Any, str]:
    from peft import PeftModel

    said = json.loads((path / "adapter_config.json").read_bytes()).get("base_model_name_or_path")
    name = (base or said or "").removeprefix("hf:")
    if not name:
        raise Unusable(f"{path.name} is an adapter and names no base", fix="set [model] base")
    loaded: Any = PeftModel.from_pretrained(_load(name), str(path))
    return loaded, name


def _load(name: str) -> Any:
    from transformers import AutoModelForCausalLM

    try:
        auto: Any = AutoModelForCausalLM
        return auto.from_pretrained(name, use_safetensors=True)
    except (OSError, ValueError, ImportError, KeyError) as error:
        first = (str(error).splitlines() or [""])[0]
        raise Unusable(f"{name} cannot be opened: {first}") from None


def open_tokenizer(path: Path, source: str) -> Any:
    from transformers import AutoTokenizer, PreTrainedTokenizerFast

    for folder in (str(path), source):
        try:
            return AutoTokenizer.from_pretrained(folder)
        except (OSError, ValueError, KeyError):
            if (Path(folder) / "tokenizer.json").is_file():
                fast: Any = PreTrainedTokenizerFast
                return fast(tokenizer_file=str(Path(folder) / "tokenizer.json"))
    raise Problem(f"{path.name} has no tokenizer, and neither has its base")


def idle_device() -> str:
    """A GPU on which nothing runs, else the CPU: a probe never disturbs a training."""
    if not torch.cuda.is_available():
        return "cpu"
    for number in range(torch.cuda.device_count()):
        free, total = torch.cuda.mem_get_info(number)
        if free >= total * (1 - IDLE_SHARE) and torch.cuda.utilization(number) < IDLE_UTIL:
            return f"cuda:{number}"
    return "cpu"
