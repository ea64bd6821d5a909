"""Documents into bins of a length: best fit over a seeded order, in constant time a document.

The free room of the open bins is a bit mask; the lowest bit at or above a document's size is the fullest bin that
still takes it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from engine.data.order import Ints, shuffled

AT_ONCE = 1 << 21
"""Documents whose bins are open together: the memory of packing has an end, however long the corpus is."""


@dataclass(frozen=True)
class Bins:
    """`documents` in the order of the bins; bin b has those from `bounds[b]` to `bounds[b + 1]`."""

    documents: Ints
    bounds: Ints

    def __len__(self) -> int:
        return len(self.bounds) - 1

    def of(self, index: int) -> Ints:
        return self.documents[self.bounds[index] : self.bounds[index + 1]]


def pack(sizes: Ints, length: int, seed: int, together: bool = True) -> Bins:
    """Every document in exactly one bin; one to a bin without `together`."""
    order = shuffled(len(sizes), seed, 0, 0)
    if not together:
        return Bins(order, np.arange(len(order) + 1, dtype=np.int64))
    parts, bounds, before = [], [np.zeros(1, dtype=np.int64)], 0
    for at in range(0, len(order), AT_ONCE):
        part = order[at : at + AT_ONCE]
        bin_of = best_fit(sizes[part], length)
        by_bin = np.argsort(bin_of, kind="stable")
        counts = np.bincount(bin_of)
        parts.append(part[by_bin])
        bounds.append(before + np.cumsum(counts))
        before += len(part)
    return Bins(np.concatenate(parts) if parts else order, np.concatenate(bounds).astype(np.int64))


def best_fit(sizes: Ints, length: int) -> Ints:
    """The number of the bin of each size, in turn."""
    found = np.zeros(len(sizes), dtype=np.int64)
    with_room: list[list[int]] = [[] for _ in range(length + 1)]
    mask, bins = 0, 0
    for index, size in enumerate(sizes.tolist()):
        fitting = mask >> size
        if fitting:
            room = size + (fitting & -fitting).bit_length() - 1
            number = with_room[room].pop()
            if not with_room[room]:
                mask ^= 1 << room
        else:
            room, number, bins = length, bins, bins + 1
        found[index] = number
        left = room - size
        if left:
            with_room[left].append(number)
            mask |= 1 << left
    return found
