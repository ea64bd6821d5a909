"""The optimizer, the learning rate as a pure function of the step, and one update."""

from __future__ import annotations

import math
from collections.abc import Iterable
from functools import cache
from typing import Any

import torch
from torch import Tensor, nn

from engine.profile.tables.training import Optim
from engine.rate import rate as rate
from engine.train.adapters import whole
from engine.train.errors import TrainError


def make_optimizer(named: Iterable[tuple[str, nn.Parameter]], settings: Optim) -> Any:
    """AdamW over the parameters that learn; vectors (norms, biases, magnitudes) do not decay."""
    params = [p for _, p in named if p.requires_grad]
    groups = [
        {"params": [p for p in params if p.dim() > 1], "weight_decay": settings.weight_decay},
        {"params": [p for p in params if p.dim() <= 1], "weight_decay": 0.0},
    ]
    groups = [group for group in groups if group["params"]]
    first, second = settings.betas
    if settings.name == "adamw8bit":
        return _eight_bit()(
            groups, lr=settings.learning_rate, betas=(first, second), eps=settings.eps
        )
    if settings.name == "sgd":
        return torch.optim.SGD(groups, lr=settings.learning_rate, momentum=first)
    return torch.optim.AdamW(
        groups,
        lr=settings.learning_rate,
        betas=(first, second),
        eps=settings.eps,
        fused=params[0].device.type in ("cuda", "cpu"),
    )


def _eight_bit() -> Any:
    try:
        import bitsandbytes
    except (ImportError, RuntimeError) as error:
        raise TrainError(
            f"optim.name = 'adamw8bit' needs bitsandbytes ({error}): pip install bitsandbytes,"
            " or optim.name = 'adamw'"
        ) from None
    kind: Any = bitsandbytes.optim
    return kind.AdamW8bit


def set_rate(optimizer: Any, value: float) -> None:
    for group in optimizer.param_groups:
        group["lr"] = value


def grad_norm(params: list[nn.Parameter], limit: float | None) -> Tensor:
    """The norm of all gradients together, which are then scaled down to `limit`."""
    norm = nn.utils.clip_grad_norm_(params, limit or math.inf)
    return whole(norm)


def layer_norms(named: Iterable[tuple[str, nn.Parameter]]) -> dict[str, Tensor]:
    """The norm of each layer's gradients as they are before clipping; nothing waits for the device."""
    told = [(layer_of(name), p.grad) for name, p in named if p.grad is not None]
    layers = {layer: at for at, layer in enumerate(dict.fromkeys(layer for layer, _ in told))}
    norms = whole(torch.stack(torch._foreach_norm([grad for _, grad in told]))).float()
    index = torch.tensor([layers[layer] for layer, _ in told]).to(norms.device, non_blocking=True)
    sums = norms.new_zeros(len(layers)).index_add_(0, index, norms.square()).sqrt()
    return dict(zip(layers, sums.unbind(), strict=True))


@cache
def layer_of(name: str) -> str:
    """`h.3` of `transformer.h.3.attn.c_attn.weight`; a module outside of the blocks is a layer of its own name."""
    parts = name.split(".")
    number = next((at for at, part in enumerate(parts) if part.isdigit()), None)
    return parts[-2] if not number else ".".join(parts[number - 1 : number + 1])


def step_unless_broken(optimizer: Any, norm: Tensor) -> None:
    """An update that a NaN or infinite gradient leaves out, decided on the device without waiting for it."""
    if getattr(optimizer, "_step_supports_amp_scaling", False):
        optimizer.grad_scale = None
        optimizer.found_inf = (~torch.isfinite(norm)).float()
        optimizer.step()
    elif bool(torch.isfinite(norm)):
        optimizer.step()
