"""Orders that are the same on every machine and for every version of numpy."""

from __future__ import annotations

import hashlib

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]


def shuffled(count: int, *seed: int) -> Ints:
    """A permutation that is the same on every machine: raw bits are stable, numpy's shuffles need not be."""
    bits = np.random.PCG64(np.random.SeedSequence(seed)).random_raw(count)
    return np.argsort(bits, kind="stable").astype(np.int64)


def number(name: str) -> int:
    """A name as part of a seed."""
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big")
