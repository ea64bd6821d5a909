"""The exponential average of every value there is, freed of the bias of its start.

A few thousand values at a time go through one small matrix product, always cut at the same places, so that what comes
in pieces gives to the last bit what it gives as a whole.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import accumulate

import numpy as np

from cockpit.plot.grown import Floats, Grown

BLOCK = 64
TILE = BLOCK * BLOCK
MOST = 0.9999
"""Strongest smoothing: beyond it an average of a million steps is still its own start."""


@dataclass(frozen=True, eq=False)
class Smoothed:
    values: Floats
    factor: float
    carry: float = 0.0
    """The average, still biased, at the end of the last whole tile."""
    room: Grown = field(default_factory=Grown)
    """Where `values` lie, and those that come."""


def smoothed(values: Floats, factor: float, before: Smoothed | None = None) -> Smoothed:
    """The average of finite `values`. `before` is that of the first of them, and saves doing these again."""
    factor = min(max(factor, 0.0), MOST)
    if factor == 0.0:
        return Smoothed(values, factor)
    if before is None or before.factor != factor or len(before.values) > len(values):
        before = Smoothed(values[:0], factor)
    if before.values.size and len(before.values) == len(values):
        return before
    done = len(before.values) // TILE * TILE
    fresh, carry = _tiles(values[done:], factor, before.carry)
    _unbias(fresh, factor, done)
    known = len(before.values) - done
    if not known and not done:
        return Smoothed(fresh, factor, carry)
    return Smoothed(before.room.joined(before.values, fresh[known:]), factor, carry, before.room)


def _tiles(values: Floats, factor: float, carry: float) -> tuple[Floats, float]:
    """Tile by tile, each small enough to stay in the processor's cache until it is done."""
    kernel, decay = _kernel(factor)
    whole = len(values) // TILE
    out = np.empty((whole + 1, BLOCK, BLOCK))
    rest = np.zeros(TILE)
    rest[: len(values) - whole * TILE] = values[whole * TILE :]
    for at, tile in enumerate(out):
        part = values[at * TILE : (at + 1) * TILE] if at < whole else rest
        np.matmul(part.reshape(BLOCK, BLOCK), kernel, out=tile)
        carries = list(accumulate(tile[:, -1].tolist(), _carried(decay[-1]), initial=carry))
        tile += np.multiply.outer(carries[:-1], decay)
        carry = carries[-1] if at < whole else carry
    return out.reshape(-1)[: len(values)], carry


def _carried(decay: float) -> Callable[[float, float], float]:
    left = float(decay)
    return lambda past, now: past * left + now


@lru_cache(maxsize=32)
def _kernel(factor: float) -> tuple[Floats, Floats]:
    """What each value of a block gives to each later one, and what is left of all before the block."""
    at = np.arange(BLOCK)
    apart = at[None, :] - at[:, None]
    kernel = np.where(apart >= 0, (1 - factor) * factor ** np.maximum(apart, 0), 0.0)
    return kernel, factor ** np.arange(1.0, BLOCK + 1)


def _unbias(values: Floats, factor: float, done: int) -> None:
    """The first averages began at 0: divide by the weight that was given so far."""
    felt = int(np.ceil(np.log(1e-17) / np.log(factor))) - done
    if felt > 0:
        count = np.arange(1.0, min(felt, len(values)) + 1) + done
        values[: len(count)] /= -np.expm1(count * np.log(factor))
