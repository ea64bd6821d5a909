"""What an adapted layer computes, `g * (W x + s B A d(x)) + bias`, with gradients by hand where no compiler makes them.

Memory passes, not products, are what a low-rank correction costs. Here the correction is added inside the product that
makes it, forward and backward, dropout's factor hides in the scale, and the gradient passes DoRA's gain in one sweep.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

SWEEP = 2**16
"""Elements that stay in a core's second-level cache beside what is read with them."""


@dataclass(frozen=True)
class Frozen:
    """The base layer: its weight as (out, in), made anew at each call if it is 4-bit, and its bias."""

    weight: Callable[[], Tensor]
    bias: Tensor | None


def by_hand(x: Tensor, factor: Tensor) -> bool:
    """Whether `correct` can be used: everything fp32, on a CPU, and no compiler that would do it better."""
    plain = x.device.type == "cpu" and x.dtype == factor.dtype == torch.float32
    return plain and not torch.is_autocast_enabled("cpu") and not torch.compiler.is_compiling()


def correct(
    x: Tensor,
    base: Frozen,
    factors: tuple[Tensor, Tensor, Tensor | None],
    scale: float,
    share: float,
) -> Tensor:
    """The layer's output from its input; `factors` are A, B and DoRA's gain, `share` of x is dropped before A."""
    out: Tensor = _Correct.apply(x, *factors, base, scale, share)  # type: ignore[no-untyped-call]
    return out


def drop(x: Tensor, share: float) -> Tensor:
    """Dropout, with an own one on a CPU."""
    if x.device.type != "cpu" or torch.compiler.is_compiling():
        return F.dropout(x, share)
    kept, factor = keep(x.shape, share)
    return x * kept.mul_(factor).to(x.dtype)


def keep(shape: torch.Size, share: float) -> tuple[Tensor, float]:
    """Ones and zeros, and the factor that keeps the mean.

    An element costs 16 raw bits and three vectorised passes, a quarter of torch's own draw, and is right to 1 in
    65,536. torch's generator only seeds them, so it stays the one state that a checkpoint holds.
    """
    seed, cut = int(torch.randint(2**63 - 1, ())), round(share * 65536)
    words = np.random.SFC64(seed).random_raw(-(-shape.numel() // 4))
    bits = torch.from_numpy(words.view(np.int16))[: shape.numel()].view(shape)
    return bits.float().add_(32769 - cut).clamp_(0.0, 1.0), 65536 / (65536 - cut)


class _Correct(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, *given: Any) -> Tensor:
        a, b, gain, base, scale, share = given
        rows, kept = x.reshape(-1, x.shape[-1]), None
        dropped = rows
        if share:
            kept, factor = keep(rows.shape, share)
            dropped, scale = rows * kept, scale * factor
        low = (dropped @ a.t()).mul_(scale)
        weight = base.weight()
        if base.bias is None or gain is not None:
            out = rows @ weight.t()
        else:
            out = torch.addmm(base.bias, rows, weight.t())
        out.addmm_(low, b.t())
        ctx.save_for_backward(a, b, gain, dropped, kept, low, None if gain is None else out)
        ctx.base, ctx.scale, ctx.shape = base, scale, x.shape
        if gain is not None:
            out = out * gain if base.bias is None else torch.addcmul(base.bias, out, gain)
        shaped: Tensor = out.view(*x.shape[:-1], -1)
        return shaped

    @staticmethod
    def backward(ctx: Any, *upstream: Tensor) -> tuple[Tensor | None, ...]:
        a, b, gain, dropped, kept, low, before = ctx.saved_tensors
        slope, along = upstream[0].reshape(-1, b.shape[0]), None
        if gain is not None:
            slope, along = _through(gain, slope, before)
        back = (slope @ b).mul_(ctx.scale)
        grad_x = None
        if ctx.needs_input_grad[0]:
            grad_x = slope @ ctx.base.weight()
            if kept is None:
                grad_x.addmm_(back, a)
            else:
                grad_x.addcmul_(back @ a, kept)
            grad_x = grad_x.view(ctx.shape)
        return grad_x, back.t() @ dropped, slope.t() @ low, along, None, None, None


def _through(gain: Tensor, grad: Tensor, before: Tensor) -> tuple[Tensor, Tensor]:
    """The gradients of `before * gain`, both while a piece of `grad` is in the cache."""
    slope, along = torch.empty_like(grad), torch.zeros_like(gain)
    step = max(1, SWEEP // gain.numel())
    for piece, made, source in zip(
        *(torch.split(t, step) for t in (grad, slope, before)), strict=True
    ):
        torch.mul(piece, gain, out=made)
        along += (piece * source).sum(0)
    return slope, along
