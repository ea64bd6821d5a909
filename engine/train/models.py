"""What the loop trains: `Net`, which maps a micro-batch to its summed loss, and how each method builds one."""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from engine.profile import Profile
from engine.profile.tables.model import Scratch
from engine.train import adapters
from engine.train.errors import TrainError, located
from engine.train.feed import Batch
from engine.train.gpt import GPT, Shape
from engine.train.loss import Head, token_loss

ATTENTION = {"flash": "flash_attention_2"}
DTYPES = {"fp32": torch.float32, "bf16": torch.bfloat16, "fp16": torch.float16}


@dataclass(frozen=True)
class Card:
    """What must lie beside the weights so that others can open them."""

    weights: str
    files: dict[str, bytes]
    flops_per_token: float
    layers: int
    width: int


class Net(nn.Module):
    """A causal language model as the loop sees it."""

    def __init__(
        self, model: nn.Module, trunk: Callable[..., Tensor], head: Callable[[], Head]
    ) -> None:
        super().__init__()
        self.model = model
        self._trunk, self._head = trunk, head

    def forward(self, batch: Batch) -> Tensor:
        hidden = self._trunk(batch.ids, batch.positions).flatten(0, 1)
        if batch.learned is not None:
            hidden = hidden.index_select(0, batch.learned)
        return token_loss(hidden, self._head(), batch.targets)

    @torch.no_grad()
    def next_logits(self, ids: Tensor) -> Tensor:
        """The logits after the last token of each row, for sampling."""
        head = self._head()
        scores = nn.functional.linear(self._trunk(ids, None)[:, -1], head.weight, head.bias).float()
        scores = scores * head.scale
        return scores if head.cap is None else head.cap * torch.tanh(scores / head.cap)

    def learning(self) -> Iterator[tuple[str, nn.Parameter]]:
        """The parameters that change, by the names they are saved under."""
        return ((n, p) for n, p in self.model.named_parameters() if p.requires_grad)


def precision(job: Profile, device: torch.device) -> torch.dtype:
    """What the arithmetic is done in."""
    if job.train.precision != "auto":
        return DTYPES[job.train.precision]
    half = device.type == "cuda" and torch.cuda.is_bf16_supported()
    return torch.bfloat16 if half else torch.float32


def scratch(job: Profile, vocab: int, device: torch.device) -> tuple[Net, Card]:
    """A model with fresh weights, the same on every device for one seed."""
    wanted = job.model.from_scratch
    if wanted is None:
        raise TrainError("recipe = 'pretrain' needs [model.from_scratch] or model.base")
    if wanted.width % wanted.heads:
        raise TrainError(
            f"model.from_scratch: width {wanted.width} is no multiple of {wanted.heads} heads"
        )
    # a vocabulary padded to a multiple of 64 keeps the head's product on the fast path
    vocab = -(-vocab // 64) * 64
    torch.manual_seed(job.train.seed)
    if wanted.family != "gpt2":
        return equip(_fresh(wanted, vocab, job.data.max_length), job, device)
    shape = Shape(
        wanted.layers, wanted.heads, wanted.width, job.data.max_length, vocab, wanted.dropout
    )
    model = GPT(shape).to(device)
    model.transformer.gradient_checkpointing = job.train.gradient_checkpointing
    card = Card(
        "model.safetensors",
        {"config.json": json.dumps(shape.config(), indent=1).encode()},
        _flops(model, shape.layers, shape.width, job),
        shape.layers,
        shape.width,
    )
    return Net(model, model.transformer, lambda: Head(model.head)), card


def _fresh(wanted: Scratch, vocab: int, context: int) -> Any:
    """A model of another family, by transformers."""
    from transformers import AutoConfig, AutoModelForCausalLM

    settings = AutoConfig.for_model(
        wanted.family,
        num_hidden_layers=wanted.layers,
        num_attention_heads=wanted.heads,
        num_key_value_heads=wanted.kv_heads or wanted.heads,
        hidden_size=wanted.width,
        intermediate_size=wanted.mlp or -(-wanted.width * 8 // 3 // 64) * 64,
        vocab_size=vocab,
        max_position_embeddings=context,
        attention_dropout=wanted.dropout,
    )
    auto: Any = AutoModelForCausalLM
    return auto.from_config(settings, attn_implementation="sdpa")


def pretrained(job: Profile, device: torch.device) -> tuple[Net, Card]:
    """The model in a folder, or of a name, that transformers can open."""
    return equip(_load(job, device), job, device)


def equip(model: Any, job: Profile, device: torch.device) -> tuple[Net, Card]:
    """Any causal model of transformers, quantised and adapted as the profile says."""
    out = model.get_output_embeddings()
    if job.model.bits == 4:
        from engine.train.quantize import quantize

        quantize(model, out, device, precision(job, device), job.model)
    fuse_activations(model)
    model.to(device)
    torch.manual_seed(job.train.seed)
    weights, files = "model.safetensors", {"config.json": model.config.to_json_string().encode()}
    if job.adapter.kind != "full":
        names = adapters.adapt(model, job.adapter, out)
        conv = any(type(m.base).__name__ == "Conv1D" for _, m in adapters.adapted(model))
        settings = adapters.export_config(job.adapter, names, job.model.base, conv)
        weights = "adapter_model.safetensors"
        files = {"adapter_config.json": json.dumps(settings, indent=1).encode()}
    if job.train.gradient_checkpointing:
        model.gradient_checkpointing_enable({"use_reentrant": False})
    config = model.config
    depth, width = config.num_hidden_layers, config.hidden_size
    card = Card(weights, files, _flops(model, depth, width, job), depth, width)
    return Net(model, _trunk_of(model), lambda: _head_of(out, config)), card


def fuse_activations(model: nn.Module) -> None:
    """transformers writes GPT-2's GELU as eight operations, each a pass over memory; torch has it as one."""
    for module in list(model.modules()):
        for name, child in module.named_children():
            if type(child).__name__ == "NewGELUActivation":
                setattr(module, name, nn.GELU(approximate="tanh"))


def _load(job: Profile, device: torch.device) -> Any:
    from transformers import AutoModelForCausalLM

    base = located(job.model.base, "model.base")
    if job.model.dtype != "auto":
        dtype = DTYPES[job.model.dtype]
    else:
        dtype = torch.float32 if job.adapter.kind == "full" else precision(job, device)
    attention = job.model.attention
    if attention == "auto":
        flash = device.type == "cuda" and importlib.util.find_spec("flash_attn") is not None
        attention = "flash" if flash else "sdpa"
    try:
        return AutoModelForCausalLM.from_pretrained(
            base,
            dtype=dtype,
            attn_implementation=ATTENTION.get(attention, attention),
            revision=job.model.revision,
            trust_remote_code=job.model.trust_remote_code,
        )
    except (OSError, ValueError, ImportError) as error:
        first = (str(error).splitlines() or [""])[0]
        here = "" if Path(base).exists() else f" (no folder of that name in {Path.cwd()})"
        raise TrainError(f"model.base = {base!r}{here}: {first}") from None


def _trunk_of(model: Any) -> Callable[..., Tensor]:
    def trunk(ids: Tensor, positions: Tensor | None) -> Tensor:
        body = model.base_model
        out: Tensor = body(input_ids=ids, position_ids=positions, use_cache=False)[0]
        return out

    return trunk


def _head_of(out: Any, config: Any) -> Head:
    scale = getattr(config, "logit_scale", None) or 1.0
    scale /= getattr(config, "logits_scaling", None) or 1.0
    return Head(out.weight, out.bias, scale, getattr(config, "final_logit_softcapping", None))


def weights(model: nn.Module) -> tuple[int, int]:
    """How many weights are multiplied with every token: those that learn, and those that are frozen."""
    tables = [m.weight for m in model.modules() if isinstance(m, nn.Embedding)]
    looked_up = {id(table) for table in tables if not _is_head(model, table)}
    learning = frozen = 0
    for p in model.parameters():
        if id(p) in looked_up:
            continue
        # two 4-bit weights lie in a byte
        count = p.numel() * (2 if getattr(p, "quant_state", None) is not None else 1)
        learning, frozen = (
            learning + count * p.requires_grad,
            frozen + count * (not p.requires_grad),
        )
    return learning, frozen


def _flops(model: nn.Module, layers: int, width: int, job: Profile) -> float:
    """Per token: 2 per weight forward, 2 for the inputs' gradients, 2 more where the weight itself learns.

    Attention adds 12 per layer, width and position, its masked half counted by convention; recomputation is not.
    """
    learning, frozen = weights(model)
    return 6 * learning + 4 * frozen + 12 * layers * width * job.data.max_length


def _is_head(model: nn.Module, table: Tensor) -> bool:
    if isinstance(model, GPT):
        return model.head is table
    out = getattr(model, "get_output_embeddings", lambda: None)()
    return out is not None and out.weight is table
