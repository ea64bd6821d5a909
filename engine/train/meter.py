"""Where the time of a step goes, and how near it comes to what the device could do.

MFU = flops_per_token x tokens/s / (dense peak of the device in its arithmetic x devices). A device whose peak is not
known has no MFU.
"""

from __future__ import annotations

import resource
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

import torch

# dense bf16/fp16 tensor-core peaks in TFLOP/s, from the vendors' data sheets; the first match in order wins
PEAKS = (
    ("B200", 2250.0), ("GB200", 2500.0), ("H200", 989.0), ("H100 PCIe", 756.0), ("H100 NVL", 835.0),
    ("H100", 989.0), ("H800", 989.0), ("A100", 312.0), ("A800", 312.0), ("L40S", 362.0), ("L40", 181.0),
    ("L4", 121.0), ("A40", 150.0), ("A30", 165.0), ("A10G", 70.0), ("A10", 125.0), ("RTX A6000", 155.0),
    ("RTX 6000 Ada", 364.0), ("RTX A5000", 111.0), ("4090", 165.0), ("3090", 71.0), ("5090", 210.0),
    ("T4", 65.0), ("V100", 125.0),
)  # fmt: skip


class Meter:
    """Seconds by name since the last `take`, and the step's own wall time without evaluation and saving."""

    def __init__(self) -> None:
        self._spent: dict[str, float] = {}
        self._since = time.perf_counter()

    @contextmanager
    def time(self, name: str) -> Iterator[None]:
        began = time.perf_counter()
        try:
            yield
        finally:
            self._spent[name] = self._spent.get(name, 0.0) + time.perf_counter() - began

    def take(self) -> dict[str, float]:
        """`step_s` and its parts; `eval_s` and `save_s` come on top of it."""
        now = time.perf_counter()
        spent, self._spent = self._spent, {}
        extra = spent.get("eval", 0.0) + spent.get("save", 0.0)
        step = max(1e-9, now - self._since - extra)
        self._since = now
        parts = {f"{name}_s": round(value, 6) for name, value in spent.items()}
        compute = max(0.0, step - spent.get("data", 0.0))
        return {"step_s": round(step, 6), "compute_s": round(compute, 6), **parts}


def peak_flops(device: torch.device, dtype: torch.dtype) -> float | None:
    """The device's dense peak in FLOP/s for this arithmetic, or None if it is not known."""
    if device.type != "cuda" or dtype == torch.float32:
        return None
    name = torch.cuda.get_device_name(device)
    return next((tera * 1e12 for key, tera in PEAKS if key in name), None)


def formula(flops_per_token: float, device: torch.device, dtype: torch.dtype, devices: int) -> str:
    """What the `mfu` of every row is, with this run's own numbers in it."""
    peak = peak_flops(device, dtype)
    counted = (
        f"{flops_per_token / 1e9:.4g} GFLOP a token (each weight 2 forward, 2 for the gradient through it, 2 more"
        " where it learns; attention 12 x layers x width x length; nothing for recomputation)"
    )
    if peak is None:
        return f"no MFU: the dense peak of this {device.type} in {dtype} is not known; {counted}"
    return f"MFU = tokens/s x {counted} / ({peak / 1e12:.0f} TFLOP/s dense x {devices})"


def memory_peaks(device: torch.device) -> dict[str, int]:
    """Most bytes since the start: in tensors, held for them (as nvidia-smi shows), and of this process on the host."""
    if device.type != "cuda":
        return {"memory_peak": memory_peak(device)}
    return {
        "memory_peak": memory_peak(device),
        "memory_held": torch.cuda.max_memory_reserved(device),
        "memory_host": memory_peak(torch.device("cpu")),
    }


def memory_peak(device: torch.device) -> int:
    """Bytes: of the device where it has its own, else of this process."""
    if device.type == "cuda":
        return torch.cuda.max_memory_allocated(device)
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
