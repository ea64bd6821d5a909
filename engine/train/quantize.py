"""4-bit NF4 with double quantisation, layer by layer, so that the whole model is never on the device twice."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn

from engine.train.adapters import dense, is_linear
from engine.train.errors import TrainError


def quantize(model: nn.Module, head: nn.Module, device: torch.device, dtype: torch.dtype) -> None:
    """Replace every linear layer but the head by bitsandbytes' Linear4bit."""
    layer_kind = _linear4bit()
    names = [n for n, m in model.named_modules() if is_linear(m) and m is not head]
    for name in names:
        parent = model.get_submodule(name.rpartition(".")[0])
        old = model.get_submodule(name)
        setattr(parent, name.rpartition(".")[2], _layer(layer_kind, old, device, dtype))


def _layer(kind: Any, old: nn.Module, device: torch.device, dtype: torch.dtype) -> nn.Module:
    weight, bias = dense(old), getattr(old, "bias", None)
    out, fan_in = weight.shape
    new: nn.Module = kind(
        fan_in, out, bias=bias is not None, compute_dtype=dtype, quant_type="nf4",
        compress_statistics=True, device="meta",
    )  # fmt: skip
    params = kind.__init__.__globals__["Params4bit"]
    new.weight = params(
        weight.to(dtype), requires_grad=False, quant_type="nf4", compress_statistics=True
    )
    if bias is not None:
        new.bias = nn.Parameter(bias.detach().clone(), requires_grad=False)
    return new.to(device)


def _linear4bit() -> Any:
    try:
        import bitsandbytes
    except (ImportError, RuntimeError) as error:
        raise TrainError(
            f"model.bits = 4 needs bitsandbytes ({error}): pip install bitsandbytes, or drop model.bits"
        ) from None
    kinds: Any = bitsandbytes.nn
    return kinds.Linear4bit
