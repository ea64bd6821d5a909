"""Everything that will be trained on, as numbers: tokens mapped from a store, and the bins that they are trained in.

A `Corpus` is a sequence of bins of at most `length + 1` tokens. Conversations lie in the bins of their store, or are
packed anew where only some of them are taken; running text or a file of tokens is cut into blocks. All of it is a pure
function of (files, tokenizer, settings, seed), so a position in it is three integers, and `digest` names it.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from engine.data.order import Ints
from engine.data.packing import Bins, pack
from engine.data.store import Store
from engine.train.errors import TrainError

Stream = npt.NDArray[Any]


@dataclass(frozen=True)
class Document:
    """Token ids, and which of them are to be learned (None: all but the first)."""

    ids: Stream
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

    tokens: Stream
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

    tokens: Stream
    learned: npt.NDArray[np.bool_]
    ends: Ints
    bins: Bins
    digest: str

    def __len__(self) -> int:
        return len(self.bins)

    def bin(self, index: int) -> list[Document]:
        return [Document(self.tokens[s], self.learned[s]) for s in self._spans(index)]

    def trained(self, index: int) -> int:
        return sum(int(np.count_nonzero(self.learned[s])) for s in self._spans(index))

    def size(self, index: int) -> int:
        return sum(s.stop - s.start for s in self._spans(index))

    def _spans(self, index: int) -> list[slice]:
        documents = self.bins.of(index).tolist()
        return [slice(int(self.ends[d - 1]) if d else 0, int(self.ends[d])) for d in documents]


@dataclass(frozen=True)
class Joined:
    """Several corpora, one after the other."""

    parts: tuple[Corpus, ...]

    @property
    def digest(self) -> str:
        return hashlib.sha256("".join(part.digest for part in self.parts).encode()).hexdigest()

    def __len__(self) -> int:
        return sum(map(len, self.parts))

    def bin(self, index: int) -> list[Document]:
        part, at = self._find(index)
        return part.bin(at)

    def trained(self, index: int) -> int:
        part, at = self._find(index)
        return part.trained(at)

    def size(self, index: int) -> int:
        part, at = self._find(index)
        return part.size(at)

    def _find(self, index: int) -> tuple[Corpus, int]:
        for part in self.parts:
            if index < len(part):
                return part, index
            index -= len(part)
        raise IndexError(index)


def joined(parts: list[Corpus]) -> Corpus | None:
    return Joined(tuple(parts)) if len(parts) > 1 else next(iter(parts), None)


def packed(store: Store) -> Packed:
    """A store as it is, in its own bins."""
    assert store.learned is not None and store.bins is not None
    digest = str(store.manifest["digest"])
    return Packed(store.tokens, store.learned, store.ends, store.bins, digest)


def chosen(store: Store, documents: Ints) -> Packed:
    """Some documents of a store, in bins of their own."""
    if not len(documents):
        raise TrainError("data: no row is left to train on")
    whole, origin = packed(store), store.manifest["origin"]
    sizes = np.diff(store.ends, prepend=0)[documents]
    bins = pack(sizes, origin["max_length"], origin["seed"], origin["packing"])
    mark = hashlib.sha256(whole.digest.encode() + documents.astype(np.int64).tobytes())
    found = Bins(documents[bins.documents], bins.bounds)
    return Packed(whole.tokens, whole.learned, whole.ends, found, mark.hexdigest())


def blocks(tokens: Stream, length: int, mark: str | None = None) -> Blocks:
    """Running tokens; `mark` names them where somebody knows it, else their size, beginning and end do."""
    if len(tokens) <= length:
        raise TrainError(
            f"data: {len(tokens)} tokens do not fill one block of data.max_length = {length}"
        )
    ends = b"".join(
        np.ascontiguousarray(part).tobytes() for part in (tokens[:65536], tokens[-65536:])
    )
    content = hashlib.sha256(ends if mark is None else mark.encode())
    content.update(repr((len(tokens), length, str(tokens.dtype))).encode())
    return Blocks(tokens, length, content.hexdigest())
