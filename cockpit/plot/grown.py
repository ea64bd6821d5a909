"""Arrays that grow at their end: what was handed out keeps its numbers, and adding costs what is added."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


class Grown:
    """One buffer with room behind its end."""

    def __init__(self) -> None:
        self._room: Floats = np.empty(0)
        self._length = 0

    def joined(self, known: Floats, fresh: NDArray[Any]) -> Floats:
        """`known`, then `fresh`. In place where `known` is all that was handed out last; else everything is copied."""
        end = len(known) + len(fresh)
        last = len(known) == self._length and known.ctypes.data == self._room.ctypes.data
        if not last or end > len(self._room):
            self._room = np.empty(max(end + end // 4, 64))
            self._room[: len(known)] = known
        self._room[len(known) : end] = fresh
        self._length = end
        return self._room[:end]
