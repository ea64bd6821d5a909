"""The state of every source of randomness of this process, and back: Python's, numpy's, torch's, the device's."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import torch
from torch import Tensor


def device_rng(device: torch.device) -> dict[str, Tensor]:
    """torch's own generator, and the device's where it has one."""
    found = {"torch": torch.get_rng_state()}
    if device.type == "cuda":
        found["cuda"] = torch.cuda.get_rng_state(device)
    if device.type == "mps":
        found["mps"] = torch.mps.get_rng_state()
    return found


def restore_rng(device: torch.device, saved: dict[str, Tensor]) -> None:
    """A rank or a kind of device that was not there then keeps what its seed gave it."""
    if "torch" in saved:
        torch.set_rng_state(saved["torch"])
    if device.type == "cuda" and "cuda" in saved:
        torch.cuda.set_rng_state(saved["cuda"], device)
    if device.type == "mps" and "mps" in saved:
        torch.mps.set_rng_state(saved["mps"])


def python_rng() -> dict[str, Any]:
    legacy: Any = np.random.get_state()
    kind, keys, *rest = legacy
    return {"random": random.getstate(), "numpy": [kind, keys.tolist(), *rest]}


def restore_python_rng(saved: dict[str, Any]) -> None:
    version, internal, gauss = saved["random"]
    random.setstate((version, tuple(internal), gauss))
    np.random.set_state(tuple(saved["numpy"]))
