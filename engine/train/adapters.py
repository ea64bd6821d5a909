"""LoRA and DoRA around a frozen linear layer of any kind: plain, GPT-2's transposed, or 4-bit.

The files are PEFT's own (`adapter_config.json`, `adapter_model.safetensors`). DoRA is `g * (W x + s B A d(x))` with
`g = magnitude / |W + s B A|`, its norm a constant of the optimizer step (paper, section 4.3). Two things make it cheap:

* the norm comes from factors, |W|^2 + 2 s <W, BA> + s^2 |BA|^2, in rank-sized products: B A is never built, and
  `refresh_norms` computes it once per optimizer step, not once per forward;
* the base product W x is used twice instead of being computed again for the dropped-out input.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from engine.profile.tables.model import Adapter
from engine.train.errors import TrainError, nearest
from engine.train.lowrank import Frozen, by_hand, correct, drop


class AdaptedLinear(nn.Module):
    """A frozen layer and its low-rank correction; `magnitude` is None for LoRA."""

    def __init__(self, base: nn.Module, adapter: Adapter) -> None:
        super().__init__()
        self.base = base.requires_grad_(False)
        fan_in, fan_out = fans(base)
        device = next(base.parameters()).device
        self.scale, self.dropout = adapter.alpha / adapter.rank, adapter.dropout
        self.lora_A = nn.Parameter(torch.empty(adapter.rank, fan_in, device=device))
        self.lora_B = nn.Parameter(torch.zeros(fan_out, adapter.rank, device=device))
        nn.init.kaiming_uniform_(self.lora_A, a=math.sqrt(5))
        self.magnitude: nn.Parameter | None = None
        self.squares: Tensor
        self.norm: Tensor
        if adapter.kind == "dora":
            squares = row_squares(base)
            self.magnitude = nn.Parameter(squares.sqrt())
            self.register_buffer("squares", squares, persistent=False)
            self.register_buffer("norm", squares.sqrt(), persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        share = self.dropout if self.training else 0.0
        bias = getattr(self.base, "bias", None)
        if by_hand(x, self.lora_A):
            gain = None if self.magnitude is None else self.magnitude / self.norm
            base = Frozen(lambda: dense(self.base), bias)
            return correct(x, base, (self.lora_A, self.lora_B, gain), self.scale, share)
        low = F.linear(drop(x, share) if share else x, self.lora_A) * self.scale
        out: Tensor = self.base(x) + F.linear(low, self.lora_B)
        if self.magnitude is None:
            return out
        excess = self.magnitude / self.norm - 1.0
        scaled: Tensor = _Stretch.apply(out, excess)  # type: ignore[no-untyped-call]
        return scaled if bias is None else scaled - (excess * bias).to(out.dtype)

    @torch.no_grad()
    def refresh_norm(self) -> None:
        """|W + s B A| of every output row, from factors of the rank's size, in fp32."""
        if self.magnitude is None:
            return
        a, b = whole(self.lora_A).float(), whole(self.lora_B).float()
        cross = ((base_product(self.base, a)).t() * b).sum(1)
        own = ((b @ (a @ a.t())) * b).sum(1)
        squares = self.squares + 2 * self.scale * cross + self.scale**2 * own
        self.norm.copy_(squares.clamp_min(1e-12).sqrt())


class _Stretch(torch.autograd.Function):
    """`z * (1 + excess)` in one pass: in bf16, 1 + excess would round a learned 0.3 % away."""

    @staticmethod
    def forward(ctx: Any, z: Tensor, excess: Tensor) -> Tensor:
        ctx.save_for_backward(z, excess)
        return torch.addcmul(z, z, excess.to(z.dtype))

    @staticmethod
    def backward(ctx: Any, *upstream: Tensor) -> tuple[Tensor, Tensor]:
        (grad,), (z, excess) = upstream, ctx.saved_tensors
        along = (grad * z).flatten(0, -2).sum(0, dtype=torch.float32)
        return torch.addcmul(grad, grad, excess.to(grad.dtype)), along


def adapt(model: nn.Module, adapter: Adapter, head: nn.Module | None) -> list[str]:
    """Freeze the model and wrap every target; returns the wrapped layers' names."""
    model.requires_grad_(False)
    names = pick_targets(model, adapter.targets, head)
    for name in names:
        parent = model.get_submodule(name.rpartition(".")[0])
        leaf = name.rpartition(".")[2]
        setattr(parent, leaf, AdaptedLinear(getattr(parent, leaf), adapter))
    return names


def pick_targets(
    model: nn.Module, targets: Iterable[str], head: nn.Module | None = None
) -> list[str]:
    """Layers whose name ends in a target; `all-linear` is every linear layer but the head."""
    linear = [name for name, module in model.named_modules() if is_linear(module)]
    chosen: set[str] = set()
    for target in targets:
        if target == "all-linear":
            chosen.update(n for n in linear if model.get_submodule(n) is not head)
            continue
        found = [n for n in linear if n == target or n.endswith("." + target)]
        if not found:
            leaves = {n.rpartition(".")[2] for n in linear}
            raise TrainError(
                f"adapter.targets: no linear layer of this model is called {target!r}"
                + (nearest(target, leaves) or f"; there are: {', '.join(sorted(leaves))}")
            )
        if any(model.get_submodule(name) is head for name in found):
            raise TrainError(f"adapter.targets: {target!r} is the head, which takes no adapter")
        chosen.update(found)
    return [name for name in linear if name in chosen]


def adapted(model: nn.Module) -> Iterator[tuple[str, AdaptedLinear]]:
    for name, module in model.named_modules():
        if isinstance(module, AdaptedLinear):
            yield name, module


def refresh_norms(model: nn.Module) -> None:
    """To be called whenever adapters have changed: after an optimizer step, after loading."""
    for _, layer in adapted(model):
        layer.refresh_norm()


def export_name(name: str) -> str:
    """A parameter's name in PEFT's file."""
    path, _, leaf = name.rpartition(".")
    tail = "lora_magnitude_vector" if leaf == "magnitude" else f"{leaf}.weight"
    return f"base_model.model.{path}.{tail}"


def export_config(
    adapter: Adapter, names: list[str], base: str | None, conv: bool
) -> dict[str, Any]:
    """PEFT's adapter_config.json."""
    return {
        "peft_type": "LORA",
        "task_type": "CAUSAL_LM",
        "base_model_name_or_path": base,
        "r": adapter.rank,
        "lora_alpha": adapter.alpha,
        "lora_dropout": adapter.dropout,
        "use_dora": adapter.kind == "dora",
        "target_modules": sorted(names),
        "bias": "none",
        "fan_in_fan_out": conv,
        "inference_mode": True,
    }


def is_linear(module: nn.Module) -> bool:
    return isinstance(module, nn.Linear) or type(module).__name__ == "Conv1D"


def fans(base: nn.Module) -> tuple[int, int]:
    if isinstance(base, nn.Linear):
        return base.in_features, base.out_features
    fan_in, fan_out = base.get_parameter("weight").shape
    return int(fan_in), int(fan_out)


def base_product(base: nn.Module, rows: Tensor) -> Tensor:
    """`rows @ W.T` for a frozen layer of any kind: in its own arithmetic, which is what W is known to."""
    weight = dense(base)
    return (rows.to(weight.dtype) @ weight.t()).float()


def row_squares(base: nn.Module) -> Tensor:
    """|W|^2 of every output row, in fp32."""
    return dense(base).float().square().sum(1)


@torch.no_grad()
def dense(base: nn.Module) -> Tensor:
    """The layer's weight as (out, in), dequantised if it is 4-bit."""
    weight = base.get_parameter("weight")
    state = getattr(weight, "quant_state", None)
    if state is not None:
        import bitsandbytes.functional as bnb

        found: Tensor = bnb.dequantize_4bit(weight.data, state)
        return found
    plain = whole(weight)
    return plain if isinstance(base, nn.Linear) else plain.t()


def whole(tensor: Tensor) -> Tensor:
    """The full tensor of one that FSDP has sharded."""
    gather = getattr(tensor, "full_tensor", None)
    found: Tensor = tensor if gather is None else gather()
    return found.detach()
