"""The optimizer, the learning rate as a pure function of the step, and one update."""

from __future__ import annotations

import math
from collections.abc import Iterable
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
    except ImportError:
        raise TrainError("optim.name = 'adamw8bit' needs bitsandbytes: pip install it") from None
    kind: Any = bitsandbytes.optim
    return kind.AdamW8bit


def set_rate(optimizer: Any, value: float) -> None:
    for group in optimizer.param_groups:
        group["lr"] = value


def grad_norm(params: list[nn.Parameter], limit: float | None) -> Tensor:
    """The norm of all gradients together, which are then scaled down to `limit`."""
    norm = nn.utils.clip_grad_norm_(params, limit or math.inf)
    return whole(norm)


def step_unless_broken(optimizer: Any, norm: Tensor) -> None:
    """An update that a NaN or infinite gradient leaves out, decided on the device without waiting for it."""
    if getattr(optimizer, "_step_supports_amp_scaling", False):
        optimizer.grad_scale = None
        optimizer.found_inf = (~torch.isfinite(norm)).float()
        optimizer.step()
    elif bool(torch.isfinite(norm)):
        optimizer.step()
