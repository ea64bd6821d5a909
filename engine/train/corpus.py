"""Everything that will be trained on, as numbers: flat arrays of tokens, and the bins cut from them.

A `Corpus` is a sequence of bins of at most `length + 1` tokens. From conversations it is packed once, first fit over a
seeded order; from running text or a memory-mapped token file it is cut into blocks. Both are pure functions of
(files, tokenizer, length, seed), so a position in it is three integers, and `digest` names it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from engine.train.errors import TrainError
from engine.train.rows import Fault, Row
from engine.train.template import Piece

Ints = npt.NDArray[np.int64]
Tokens = npt.NDArray[Any]
BATCH = 1000
WINDOW = 256


@dataclass(frozen=True)
class Document:
    """Token ids, and which of them are to be learned (None: all but the first)."""

    ids: Tokens
    trained: npt.NDArray[np.bool_] | None = None


class Corpus(Protocol):
    @property
    def digest(self) -> str: ...
    def __len__(self) -> int: ...
    def bin(self, index: int) -> list[Document]: ...
    def trained(self, index: int) -> int: ...
    def size(self, index: int) -> int: ...


@dataclass(frozen=True)
class Blocks:
    """Running text: bin i is `length + 1` tokens, the last of them only a target."""

    tokens: Tokens
    length: int
    digest: str

    def __len__(self) -> int:
        return max(0, (len(self.tokens) - 1) // self.length)

    def bin(self, index: int) -> list[Document]:
        start = index * self.length
        return [Document(self.tokens[start : start + self.length + 1])]

    def trained(self, index: int) -> int:
        return self.length

    def size(self, index: int) -> int:
        return self.length


@dataclass(frozen=True)
class Packed:
    """Documents of their own, several to a bin; attention never crosses from one to the next."""

    tokens: npt.NDArray[np.int32]
    learned: npt.NDArray[np.bool_]
    starts: Ints
    bins: list[list[int]]
    counts: Ints
    digest: str

    def __len__(self) -> int:
        return len(self.bins)

    def bin(self, index: int) -> list[Document]:
        spans = [slice(self.starts[d], self.starts[d + 1]) for d in self.bins[index]]
        return [Document(self.tokens[s], self.learned[s]) for s in spans]

    def trained(self, index: int) -> int:
        return int(self.counts[self.bins[index]].sum())

    def size(self, index: int) -> int:
        return int(sum(self.starts[d + 1] - self.starts[d] for d in self.bins[index]))


@dataclass
class Encoded:
    """Documents on their way to be packed, and what had to be left out or cut."""

    ids: list[list[int]] = field(default_factory=list)
    learned: list[list[bool]] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    broken: list[Fault] = field(default_factory=list)
    cut: list[str] = field(default_factory=list)


def encode(
    rows: Iterable[Row | Fault],
    render: Callable[[Row], list[Piece]],
    tokenize: Callable[[list[str]], list[list[int]]],
    limit: int,
    too_long: str,
) -> Encoded:
    """Rows to documents; a row with nothing to learn inside the limit becomes a fault."""
    out = Encoded()
    waiting: list[tuple[str, list[Piece]]] = []
    for row in rows:
        if isinstance(row, Fault):
            (out.broken if row.broken else out.faults).append(row)
            continue
        waiting.append((row.where, render(row)))
        if len(waiting) == BATCH:
            _encode_batch(waiting, tokenize, limit, too_long, out)
            waiting = []
    # a tokenizer of transformers cannot be given nothing
    if waiting:
        _encode_batch(waiting, tokenize, limit, too_long, out)
    return out


def _encode_batch(
    rows: list[tuple[str, list[Piece]]],
    tokenize: Callable[[list[str]], list[list[int]]],
    limit: int,
    too_long: str,
    out: Encoded,
) -> None:
    encoded = iter(tokenize([piece.text for _, pieces in rows for piece in pieces]))
    for where, pieces in rows:
        ids: list[int] = []
        learned: list[bool] = []
        for piece in pieces:
            part = next(encoded)
            ids += part
            learned += [piece.trained] * len(part)
        if len(ids) > limit and too_long == "drop":
            out.faults.append(Fault(where, f"{len(ids)} tokens, longer than {limit}"))
            continue
        if len(ids) > limit:
            out.cut.append(where)
        ends = len(ids) if too_long == "split" else min(len(ids), limit)
        spans = [slice(at, at + limit) for at in range(0, ends, limit)]
        taught = [span for span in spans if any(learned[span][1:])]
        if not taught:
            out.faults.append(Fault(where, f"nothing to learn in its first {limit} tokens"))
        out.ids += [ids[span] for span in taught]
        out.learned += [learned[span] for span in taught]


def pack(found: Encoded, length: int, packing: bool, seed: int) -> Packed:
    """Documents into bins of at most `length` tokens; one to a bin without packing."""
    if not found.ids:
        why = "; ".join(f"{f.where}: {f.reason}" for f in found.faults[:5])
        raise TrainError(f"data: no row is left to train on. {why or 'The files are empty.'}")
    sizes = np.array([len(ids) for ids in found.ids], dtype=np.int64)
    starts = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
    tokens = np.concatenate([np.asarray(ids, dtype=np.int32) for ids in found.ids])
    learned = np.concatenate([np.asarray(m, dtype=np.bool_) for m in found.learned])
    learned[starts[:-1]] = False
    order = shuffled(len(sizes), seed, 0, 0)
    bins = first_fit(sizes, order, length) if packing else [[int(i)] for i in order]
    counts = np.add.reduceat(learned, starts[:-1], dtype=np.int64)
    mark = hashlib.sha256(tokens.tobytes() + learned.tobytes() + starts.tobytes())
    mark.update(repr((length, packing, seed)).encode())
    return Packed(tokens, learned, starts, bins, counts, mark.hexdigest())


def first_fit(sizes: Ints, order: Ints, length: int) -> list[list[int]]:
    """Each document into the first open bin with room; only the newest bins stay open."""
    bins: list[list[int]] = []
    room: list[int] = []
    oldest = 0
    for document in order:
        size = int(sizes[document])
        for slot in range(oldest, len(bins)):
            if room[slot] >= size:
                break
        else:
            bins.append([])
            room.append(length)
            slot = len(bins) - 1
        bins[slot].append(int(document))
        room[slot] -= size
        oldest = max(oldest, len(bins) - WINDOW)
    return bins


def shuffled(count: int, *seed: int) -> Ints:
    """A permutation that is the same on every machine: raw bits are stable, numpy's shuffles need not be."""
    bits = np.random.PCG64(np.random.SeedSequence(seed)).random_raw(count)
    return np.argsort(bits, kind="stable").astype(np.int64)


def blocks(tokens: Tokens, length: int) -> Blocks:
    if len(tokens) <= length:
        raise TrainError(
            f"data: {len(tokens)} tokens do not fill one block of data.max_length = {length}"
        )
    mark = hashlib.sha256(np.ascontiguousarray(tokens[:65536]).tobytes())
    mark.update(np.ascontiguousarray(tokens[-65536:]).tobytes())
    mark.update(repr((len(tokens), length, str(tokens.dtype))).encode())
    return Blocks(tokens, length, mark.hexdigest())
