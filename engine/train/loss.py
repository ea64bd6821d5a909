"""Cross entropy in chunks: the logits of a whole batch never exist.

Gradients with respect to hidden states and head are formed in the forward pass, chunk by chunk, so the peak is
`CHUNK_ELEMENTS` logits whatever the vocabulary, and nothing is computed twice. The caller divides by the number of
trained tokens of the whole optimizer step, so every trained token weighs the same in any split into micro-batches.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

CHUNK_ELEMENTS = {"cpu": 2**23, "cuda": 2**28, "mps": 2**24}


@dataclass(frozen=True)
class Head:
    """How hidden states become logits: `logits = cap((hidden @ weight.T + bias) * scale)`."""

    weight: Tensor
    bias: Tensor | None = None
    scale: float = 1.0
    cap: float | None = None


def token_loss(hidden: Tensor, head: Head, targets: Tensor) -> Tensor:
    """The summed loss of (tokens, width) hidden states against their targets."""
    given = (hidden, head.weight, head.bias, targets, (head.scale, head.cap))
    loss: Tensor = _Chunked.apply(*given)  # type: ignore[no-untyped-call]
    return loss


def chunk_rows(vocab: int, device: str) -> int:
    return max(64, CHUNK_ELEMENTS.get(device, 2**24) // vocab)


class _Chunked(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any, hidden: Tensor, weight: Tensor, bias: Tensor | None, *fixed: Any
    ) -> Tensor:
        targets, (scale, cap) = fixed
        need_hidden, need_weight, need_bias = ctx.needs_input_grad[:3]
        if torch.is_autocast_enabled(hidden.device.type):
            dtype = torch.get_autocast_dtype(hidden.device.type)
        else:
            dtype = weight.dtype
        table, states = weight.to(dtype), hidden.to(dtype)
        head = Head(table, bias, scale, cap)
        grad_hidden = torch.empty_like(states) if need_hidden else None
        # the first piece writes it; a batch that nothing is learned from has none
        blank = torch.empty_like if len(states) else torch.zeros_like
        grad_weight = blank(weight, dtype=torch.float32) if need_weight else None
        grad_bias = torch.zeros_like(bias) if bias is not None and need_bias else None
        total = hidden.new_zeros((), dtype=torch.float32)
        rows = chunk_rows(weight.shape[0], hidden.device.type)
        with torch.autocast(hidden.device.type, enabled=False):
            for start in range(0, states.shape[0], rows):
                piece = states[start : start + rows]
                loss, slope = _piece(piece, head, targets[start : start + rows])
                total += loss
                if grad_hidden is not None:
                    torch.mm(slope, table, out=grad_hidden[start : start + rows])
                if grad_weight is not None:
                    _add_product(grad_weight, slope, piece, fresh=start == 0)
                if grad_bias is not None:
                    grad_bias += slope.sum(0)
        ctx.grads = (
            None if grad_hidden is None else grad_hidden.to(hidden.dtype),
            None if grad_weight is None else grad_weight.to(weight.dtype),
            grad_bias,
        )
        return total

    @staticmethod
    def backward(ctx: Any, *upstream: Tensor) -> tuple[Tensor | None, ...]:
        (factor,) = upstream
        # autograd takes a gradient over as it is only where nobody else holds it, else it copies
        held, ctx.grads = ctx.grads, ()
        return (*(None if g is None else g.mul_(factor.to(g.dtype)) for g in held), None, None)


def _add_product(total: Tensor, slope: Tensor, piece: Tensor, fresh: bool) -> None:
    if slope.dtype != total.dtype:
        product = slope.t() @ piece
        total.copy_(product) if fresh else total.add_(product)
    elif fresh:
        torch.mm(slope.t(), piece, out=total)
    else:
        total.addmm_(slope.t(), piece)


def _logits_slope(
    logits: Tensor, targets: Tensor, scale: float, cap: float | None
) -> tuple[Tensor, Tensor]:
    """Summed loss, and its derivative with respect to `hidden @ weight.T + bias`, in the logits' own dtype."""
    scores = logits.float()
    if scale != 1.0:
        scores = scores * scale
    if cap is not None:
        squashed = torch.tanh(scores / cap)
        scores = squashed * cap
    index = targets.unsqueeze(1)
    lse, slope = _normalised(scores)
    loss = (lse - scores.gather(1, index)).sum()
    if torch.compiler.is_compiling():
        # a comparison fuses with the passes around it, a scatter does not
        slope = slope - (torch.arange(slope.shape[1], device=slope.device) == index).float()
    else:
        slope.scatter_add_(1, index, slope.new_full((1, 1), -1.0).expand_as(index))
    if cap is not None:
        slope = slope * (1.0 - squashed * squashed)
    if scale != 1.0:
        slope = slope * scale
    return loss, slope.to(logits.dtype)


def _normalised(scores: Tensor) -> tuple[Tensor, Tensor]:
    """The logarithm of each row's summed exponentials, and its softmax, by one exponential an element."""
    if torch.compiler.is_compiling():
        lse = scores.logsumexp(1, keepdim=True)
        return lse, (scores - lse).exp()
    shares = torch.softmax(scores, 1)
    # of a row's shares the largest cannot vanish, so the sum can be had back from it
    return scores.amax(1, keepdim=True) - shares.amax(1, keepdim=True).log(), shares


_compiled: Any = None


def _piece(piece: Tensor, head: Head, targets: Tensor) -> tuple[Tensor, Tensor]:
    table, bias = head.weight, head.bias
    if bias is None:
        logits = piece @ table.t()
    else:
        logits = torch.addmm(bias.to(table.dtype), piece, table.t())
    loss, slope = (_compiled or _logits_slope)(logits, targets, head.scale, head.cap)
    return loss, slope


def compile_loss() -> None:
    """Fuse the pass over the logits; worth it wherever memory, not arithmetic, is the limit: on a GPU."""
    global _compiled
    _compiled = torch.compile(_logits_slope)
