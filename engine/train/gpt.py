"""GPT-2, with the very parameter names and layouts of transformers' GPT2LMHeadModel.

So a checkpoint of ours opens there unchanged, and training needs neither its import nor its overheads.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint


@dataclass(frozen=True)
class Shape:
    layers: int
    heads: int
    width: int
    context: int
    vocab: int
    dropout: float = 0.0

    def config(self) -> dict[str, Any]:
        """The config.json by which transformers opens the weights."""
        return {
            "model_type": "gpt2",
            "architectures": ["GPT2LMHeadModel"],
            "n_layer": self.layers,
            "n_head": self.heads,
            "n_embd": self.width,
            "n_positions": self.context,
            "vocab_size": self.vocab,
            "activation_function": "gelu_new",
            "attn_pdrop": self.dropout,
            "embd_pdrop": self.dropout,
            "resid_pdrop": self.dropout,
            "tie_word_embeddings": True,
        }


class Conv1D(nn.Module):
    """A linear layer whose weight is stored (in, out), as GPT-2's are."""

    def __init__(self, fan_in: int, fan_out: int, std: float) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(fan_in, fan_out).normal_(std=std))
        self.bias = nn.Parameter(torch.zeros(fan_out))

    def forward(self, x: Tensor) -> Tensor:
        return F.linear(x, self.weight.t(), self.bias)


class Attention(nn.Module):
    def __init__(self, shape: Shape, std: float) -> None:
        super().__init__()
        self.heads, self.dropout = shape.heads, shape.dropout
        self.c_attn = Conv1D(shape.width, 3 * shape.width, 0.02)
        self.c_proj = Conv1D(shape.width, shape.width, std)

    def forward(self, x: Tensor, mask: Tensor | None) -> Tensor:
        batch, length, width = x.shape
        parts = self.c_attn(x).view(batch, length, 3, self.heads, width // self.heads)
        q, k, v = parts.permute(2, 0, 3, 1, 4)
        dropout = self.dropout if self.training else 0.0
        y = F.scaled_dot_product_attention(
            q, k, v, attn_mask=mask, dropout_p=dropout, is_causal=mask is None
        )
        y = self.c_proj(y.transpose(1, 2).reshape(batch, length, width))
        return F.dropout(y, self.dropout, self.training)


class MLP(nn.Module):
    def __init__(self, shape: Shape, std: float) -> None:
        super().__init__()
        self.dropout = shape.dropout
        self.c_fc = Conv1D(shape.width, 4 * shape.width, 0.02)
        self.c_proj = Conv1D(4 * shape.width, shape.width, std)

    def forward(self, x: Tensor) -> Tensor:
        x = self.c_proj(F.gelu(self.c_fc(x), approximate="tanh"))
        return F.dropout(x, self.dropout, self.training)


class Block(nn.Module):
    def __init__(self, shape: Shape) -> None:
        super().__init__()
        std = 0.02 / (2 * shape.layers) ** 0.5
        self.ln_1 = nn.LayerNorm(shape.width)
        self.attn = Attention(shape, std)
        self.ln_2 = nn.LayerNorm(shape.width)
        self.mlp = MLP(shape, std)

    def forward(self, x: Tensor, mask: Tensor | None) -> Tensor:
        x = x + self.attn(self.ln_1(x), mask)
        out: Tensor = x + self.mlp(self.ln_2(x))
        return out


class Trunk(nn.Module):
    """Everything below the head: token ids to hidden states."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.shape, self.gradient_checkpointing = shape, False
        self.wte = nn.Embedding(shape.vocab, shape.width)
        self.wpe = nn.Embedding(shape.context, shape.width)
        nn.init.normal_(self.wte.weight, std=0.02)
        nn.init.normal_(self.wpe.weight, std=0.02)
        self.h = nn.ModuleList(Block(shape) for _ in range(shape.layers))
        self.ln_f = nn.LayerNorm(shape.width)

    def forward(self, ids: Tensor, positions: Tensor | None = None) -> Tensor:
        mask = None if positions is None else same_document(positions)
        if positions is None:
            positions = torch.arange(ids.shape[1], device=ids.device)
        x = self.wte(ids) + self.wpe(positions)
        x = F.dropout(x, self.shape.dropout, self.training)
        for block in self.h:
            if self.gradient_checkpointing and self.training:
                x = checkpoint(block, x, mask, use_reentrant=False)
            else:
                x = block(x, mask)
        out: Tensor = self.ln_f(x)
        return out


class GPT(nn.Module):
    """Trunk and tied head."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.shape = shape
        self.transformer = Trunk(shape)

    @property
    def head(self) -> Tensor:
        weight: Tensor = self.transformer.wte.weight
        return weight

    def forward(self, ids: Tensor) -> Tensor:
        logits: Tensor = F.linear(self.transformer(ids), self.head)
        return logits


def same_document(positions: Tensor) -> Tensor:
    """Causal attention that never crosses a document: a position of 0 begins a new one."""
    document = (positions == 0).cumsum(-1)
    same = document[:, None, :, None] == document[:, None, None, :]
    length = positions.shape[1]
    causal = torch.ones(length, length, dtype=torch.bool, device=positions.device).tril()
    return same & causal
