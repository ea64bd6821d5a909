"""Which rows make which step, and their tensors, ready one step ahead.

A position is (phase, step in the phase, micro-batch): everything else follows from the plan, which is a pure function
of the corpus, the seed and the batch sizes. So nothing of the feed needs saving but integers.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import islice

import numpy as np
import torch
from torch import Tensor

from engine.data.order import Ints, shuffled
from engine.train.corpus import Corpus, Document


@dataclass(frozen=True)
class Batch:
    """One micro-batch. `positions` is None where every row is one document; `learned` where all tokens are."""

    ids: Tensor
    positions: Tensor | None
    learned: Tensor | None
    targets: Tensor

    def to(self, device: torch.device) -> Batch:
        if device.type == "cpu":
            return self
        return Batch(
            self.ids.to(device, non_blocking=True),
            _to(self.positions, device),
            _to(self.learned, device),
            self.targets.to(device, non_blocking=True),
        )

    def pin(self) -> Batch:
        parts = (self.positions, self.learned)
        positions, learned = (None if part is None else part.pin_memory() for part in parts)
        return Batch(self.ids.pin_memory(), positions, learned, self.targets.pin_memory())


@dataclass(frozen=True)
class Step:
    """One optimizer step: this rank's micro-batches, and what all ranks together learn from."""

    index: int
    micro: list[Batch]
    learned: int
    tokens: int


@dataclass(frozen=True)
class Plan:
    """The steps of one phase."""

    corpus: Corpus
    seed: int
    phase: int
    epochs: float
    global_batch: int
    micro: int
    world: int = 1
    rank: int = 0
    pad_to: int | None = None

    @property
    def steps_per_epoch(self) -> int:
        return math.ceil(len(self.corpus) / self.global_batch)

    @property
    def steps(self) -> int:
        return math.ceil(self.epochs * self.steps_per_epoch)

    def steps_for(self, tokens: int) -> int:
        """The first so many steps that hold at least these tokens."""
        epoch = sum(self.corpus.size(index) for index in range(len(self.corpus)))
        index = tokens // epoch * self.steps_per_epoch
        seen = tokens // epoch * epoch
        while seen < tokens:
            seen += self.tokens(index)
            index += 1
        return index

    def tokens(self, index: int) -> int:
        """How many a step holds, over all ranks."""
        return sum(self.corpus.size(int(b)) for b in self.bins(index))

    def bins(self, index: int) -> Ints:
        """The bins of a step, over all ranks."""
        epoch, within = divmod(index, self.steps_per_epoch)
        order = _order(len(self.corpus), self.seed, self.phase, epoch)
        return order[within * self.global_batch : (within + 1) * self.global_batch]

    def step(self, index: int) -> Step:
        chosen = self.bins(index)
        learned = sum(self.corpus.trained(int(b)) for b in chosen)
        tokens = sum(self.corpus.size(int(b)) for b in chosen)
        rows = math.ceil(len(chosen) / self.world)
        mine: list[list[Document]] = [
            self.corpus.bin(int(b)) for b in chosen[self.rank :: self.world]
        ]
        mine += [[NOTHING]] * (rows - len(mine))
        micro = [collate(mine[i : i + self.micro], self.pad_to) for i in range(0, rows, self.micro)]
        return Step(index, micro, learned, tokens)

    def smaller(self) -> Plan:
        """At most half the micro-batch, the same global batch: the way out of a full memory."""
        rows = self.global_batch // self.world
        fits = [micro for micro in range(1, self.micro // 2 + 1) if rows % micro == 0]
        return replace(self, micro=max(fits, default=1))


NOTHING = Document(np.zeros(1, dtype=np.int64), np.zeros(1, dtype=np.bool_))


@lru_cache(maxsize=4)
def _order(count: int, seed: int, phase: int, epoch: int) -> Ints:
    return shuffled(count, seed, phase + 1, epoch + 1)


def collate(rows: list[list[Document]], pad_to: int | None = None) -> Batch:
    """Rows of documents, padded on the right: causal attention needs no mask for that."""
    plain = len(rows[0]) == 1 and rows[0][0].trained is None
    if plain and len({len(row[0].ids) for row in rows}) == 1:
        table = torch.from_numpy(np.stack([row[0].ids for row in rows]).astype(np.int64))
        return Batch(table[:, :-1].contiguous(), None, None, table[:, 1:].reshape(-1))
    longest = max(sum(len(d.ids) for d in row) for row in rows)
    width = pad_to or -(-longest // 8) * 8
    ids = np.zeros((len(rows), width), dtype=np.int64)
    positions = np.zeros((len(rows), width), dtype=np.int64)
    learned: list[int] = []
    targets: list[int] = []
    for r, row in enumerate(rows):
        at = 0
        for document in row:
            size = len(document.ids)
            ids[r, at : at + size] = document.ids
            positions[r, at : at + size] = np.arange(size)
            wanted = np.arange(1, size) if document.trained is None else _wanted(document)
            learned += (r * width + at + wanted - 1).tolist()
            targets += document.ids[wanted].tolist()
            at += size
        positions[r, at:] = np.arange(width - at)
    alone = all(len(row) == 1 for row in rows)
    return Batch(
        torch.from_numpy(ids),
        None if alone else torch.from_numpy(positions),
        torch.tensor(learned, dtype=torch.long),
        torch.tensor(targets, dtype=torch.long),
    )


def _wanted(document: Document) -> Ints:
    assert document.trained is not None
    found: Ints = np.flatnonzero(document.trained[1:]) + 1
    return found


def _to(tensor: Tensor | None, device: torch.device) -> Tensor | None:
    return None if tensor is None else tensor.to(device, non_blocking=True)


class Feed:
    """A plan's steps from `start` on, in their order, built by threads while the device works."""

    def __init__(self, plan: Plan, start: int, stop: int, pin: bool, workers: int = 1) -> None:
        self._plan, self._pin, self._ahead = plan, pin, workers + 1
        self._wanted = iter(range(start, stop))
        self._coming: deque[Future[Step]] = deque()
        self._worker = ThreadPoolExecutor(workers, "feed")

    def __enter__(self) -> Iterator[Step]:
        return self._steps()

    def __exit__(self, *error: object) -> None:
        self._worker.shutdown(wait=True, cancel_futures=True)

    def _steps(self) -> Iterator[Step]:
        for index in islice(self._wanted, self._ahead):
            self._coming.append(self._worker.submit(self._build, index))
        while self._coming:
            step = self._coming.popleft().result()
            for index in islice(self._wanted, 1):
                self._coming.append(self._worker.submit(self._build, index))
            yield step

    def _build(self, index: int) -> Step:
        step = self._plan.step(index)
        return replace(step, micro=[b.pin() for b in step.micro]) if self._pin else step
