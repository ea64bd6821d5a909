"""4-bit weights (NF4 or FP4), layer by layer, so that the whole model is never on the device twice."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn

from engine.profile.tables.model import Model
from engine.train.adapters import dense, is_linear
from engine.train.errors import TrainError


def quantize(
    model: nn.Module, head: nn.Module, device: torch.device, dtype: torch.dtype, settings: Model
) -> None:
    """Replace every linear layer but the head by bitsandbytes' Linear4bit."""
    kind = _linear4bit()
    names = [n for n, m in model.named_modules() if is_linear(m) and m is not head]
    for name in names:
        parent = model.get_submodule(name.rpartition(".")[0])
        new = _layer(kind, model.get_submodule(name), dtype, settings)
        setattr(parent, name.rpartition(".")[2], _placed(new, device))


def _layer(kind: Any, old: nn.Module, dtype: torch.dtype, settings: Model) -> nn.Module:
    weight, bias = dense(old), getattr(old, "bias", None)
    out, fan_in = weight.shape
    how = {"quant_type": settings.quant, "compress_statistics": settings.double_quant}
    new: nn.Module = kind(
        fan_in, out, bias=bias is not None, compute_dtype=dtype, device="meta", **how
    )
    # Else its first evaluation on a CPU with AVX-512 BF16 packs the weights anew for good: training goes on from
    # other numbers, and layers narrower than a block of 64 fail.
    new.support_avx512bf16_for_cpu = False  # type: ignore[assignment]
    params = kind.__init__.__globals__["Params4bit"]
    new.weight = params(weight.to(dtype), requires_grad=False, **how)
    if bias is not None:
        new.bias = nn.Parameter(bias.detach().clone(), requires_grad=False)
    return new


def _placed(layer: nn.Module, device: torch.device) -> nn.Module:
    """On the device, which is the moment of quantisation; a device without the kernels refuses here."""
    try:
        return layer.to(device)
    except torch.OutOfMemoryError:
        raise
    except (RuntimeError, AttributeError) as error:
        first = (str(error).splitlines() or [""])[0]
        raise TrainError(
            f"model.bits = 4 is not supported on {device.type} ({first}): drop model.bits"
        ) from None


def _linear4bit() -> Any:
    try:
        import bitsandbytes
    except (ImportError, RuntimeError) as error:
        raise TrainError(
            f"model.bits = 4 needs bitsandbytes ({error}): pip install bitsandbytes, or drop model.bits"
        ) from None
    kinds: Any = bitsandbytes.nn
    return kinds.Linear4bit
