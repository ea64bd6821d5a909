"""A store that `engine data pretokenize` wrote, as a corpus: mapped, nothing read before it is trained on."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from engine.data.packing import Bins
from engine.data.store import Store, open_store, read_manifest
from engine.train.corpus import Document
from engine.train.errors import TrainError


@dataclass(frozen=True)
class Stored:
    """The bins of a packed store."""

    store: Store
    bins: Bins

    @property
    def digest(self) -> str:
        return str(self.store.manifest["digest"])

    def __len__(self) -> int:
        return len(self.bins)

    def bin(self, index: int) -> list[Document]:
        assert self.store.learned is not None
        spans = [self._span(int(document)) for document in self.bins.of(index)]
        return [Document(self.store.tokens[s], self.store.learned[s]) for s in spans]

    def trained(self, index: int) -> int:
        assert self.store.learned is not None
        spans = [self._span(int(document)) for document in self.bins.of(index)]
        return sum(int(np.count_nonzero(self.store.learned[s])) for s in spans)

    def size(self, index: int) -> int:
        spans = [self._span(int(document)) for document in self.bins.of(index)]
        return sum(s.stop - s.start for s in spans)

    def _span(self, document: int) -> slice:
        return slice(self.store.start(document), int(self.store.ends[document]))


def open_packed(path: str, length: int) -> Stored | None:
    """The corpus in this folder, or None where no packed store is."""
    folder = Path(path)
    manifest = read_manifest(folder) if folder.is_dir() else None
    if manifest is None or manifest["bins"] is None:
        return None
    told = manifest["origin"]["max_length"]
    if told > length:
        raise TrainError(
            f"{path}: was made for a max length of {told}, the profile says {length};"
            " set data.max_length to it or pretokenize again"
        )
    store = open_store(folder)
    assert store.bins is not None
    return Stored(store, store.bins)
