"""The optimizer, the learning rate as a pure function of the step, and one update."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor, nn

from engine.profile.tables.training import Optim
from engine.rate import rate as rate
from engine.train.adapters import whole
from engine.train.errors import TrainError

_BLOCK = re.compile(r"\w+\.\d+(?=\.)")
"""A numbered block in a parameter's name: `h.0`, `layers.11`."""


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


def layer_norms(named: Iterable[tuple[str, nn.Parameter]]) -> dict[str, float]:
    """The gradients' norm of each layer, as `grad_norm/<layer>`: what a block or another module holds together."""
    squares: dict[str, Tensor] = {}
    for name, p in named:
        if p.grad is not None:
            block = _BLOCK.search(name)
            layer = block[0] if block else name.rpartition(".")[0].rpartition(".")[2]
            square = whole(p.grad.detach().float().square().sum())
            squares[layer] = square + squares[layer] if layer in squares else square
    norms = torch.stack(list(squares.values())).sqrt().tolist() if squares else []
    return {f"grad_norm/{layer}": norm for layer, norm in zip(squares, norms, strict=True)}


def step_unless_broken(optimizer: Any, norm: Tensor) -> None:
    """An update that a NaN or infinite gradient leaves out, decided on the device without waiting for it."""
    if getattr(optimizer, "_step_supports_amp_scaling", False):
        optimizer.grad_scale = None
        optimizer.found_inf = (~torch.isfinite(norm)).float()
        optimizer.step()
    elif bool(torch.isfinite(norm)):
        optimizer.step()
