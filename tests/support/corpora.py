"""Documents told token by token, as a corpus."""

from __future__ import annotations

import numpy as np

from engine.data.packing import pack
from engine.train.corpus import Packed


def laid(
    ids: list[list[int]], length: int, packing: bool = True, seed: int = 1, prompts: int = 1
) -> Packed:
    """All of a document is learned but its first tokens, so many as `prompts` says."""
    sizes = np.array([len(one) for one in ids], dtype=np.int64)
    ends = np.cumsum(sizes)
    learned = np.concatenate([np.arange(size) >= prompts for size in sizes])
    tokens = np.concatenate([np.asarray(one, dtype=np.int32) for one in ids])
    return Packed(tokens, learned, ends, pack(sizes, length, seed, packing), f"{length} {seed}")
