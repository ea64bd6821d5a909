"""A tree of buckets on disk, `DOMAIN/TIER.jsonl`: what is really in it, row by row, by place and not by name.

An empty file is no bucket, a row that teaches nothing is no row. Both are counted and named.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt

from engine.data.curriculum import TIERS
from engine.data.mix import Counts
from engine.data.reading import lines, parse, too_long
from engine.data.rows import Fault, parse_row
from engine.errors import Unusable

Ints = npt.NDArray[np.int64]
KEPT_FAULTS = 1000


@dataclass(frozen=True)
class Bucket:
    """One file: where each of its rows begins, how long it is, and its line."""

    domain: str
    tier: str
    path: Path
    starts: Ints
    sizes: Ints
    numbers: Ints
    sha256: str

    @property
    def name(self) -> str:
        return f"{self.domain}/{self.path.name}"

    def __len__(self) -> int:
        return len(self.starts)


@dataclass
class Tree:
    """All buckets of a folder, in the order of their names."""

    folder: Path
    tiers: tuple[str, ...]
    buckets: list[Bucket] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    broken: int = 0
    useless: int = 0
    strange: list[str] = field(default_factory=list)
    """Files that are no tier of this tree."""

    @property
    def rows(self) -> int:
        return sum(len(bucket) for bucket in self.buckets)

    @property
    def empty(self) -> list[str]:
        return [bucket.name for bucket in self.buckets if not len(bucket)]

    @property
    def stock(self) -> Counts:
        """Rows by domain and tier; every domain that has a folder is there."""
        found: dict[str, dict[str, int]] = {}
        for bucket in self.buckets:
            found.setdefault(bucket.domain, {})[bucket.tier] = len(bucket)
        return found

    def note(self, fault: Fault) -> None:
        self.broken += fault.broken
        self.useless += not fault.broken
        if len(self.faults) < KEPT_FAULTS:
            self.faults.append(fault)


def scan(folder: Path, tiers: Sequence[str] = (), kind: str = "auto") -> Tree:
    """Read every row of a tree once."""
    files = sorted(_files(folder), key=lambda path: (path.parent.name, path.name))
    if not files:
        raise Unusable(
            f"{folder}: no buckets", "DOMAIN/TIER.jsonl is looked for; engine data buckets makes it"
        )
    known = tuple(tiers) or ordered({path.stem for path in files})
    tree = Tree(folder, known)
    for path in files:
        if path.stem in known:
            tree.buckets.append(_bucket(tree, path, kind))
        else:
            tree.strange.append(f"{path.parent.name}/{path.name}")
    return tree


def ordered(found: set[str]) -> tuple[str, ...]:
    """The tiers of the trade first and in their order, then others by name."""
    return (*(t for t in TIERS if t in found), *sorted(found - set(TIERS)))


def _files(folder: Path) -> Iterator[Path]:
    if not folder.is_dir():
        raise Unusable(f"{folder}: no such folder (from {Path.cwd()})")
    for domain in folder.iterdir():
        if domain.is_dir() and not domain.name.startswith("."):
            yield from (p for p in domain.iterdir() if p.suffix == ".jsonl" and p.is_file())


def _bucket(tree: Tree, path: Path, kind: str) -> Bucket:
    mark = hashlib.sha256()
    places: list[tuple[int, int, int]] = []
    for number, at, size, data in lines(path):
        where = f"{path}:{number}"
        if data is None:
            tree.note(too_long(where, size))
            continue
        mark.update(data)
        if data.isspace():
            continue
        record = parse(data, where)
        row = record if isinstance(record, Fault) else parse_row(record, where, kind)
        if isinstance(row, Fault):
            tree.note(row)
        else:
            places.append((at, size, number))
    table = np.array(places, dtype=np.int64).reshape(-1, 3)
    starts, sizes, numbers = (np.ascontiguousarray(table[:, i]) for i in range(3))
    return Bucket(path.parent.name, path.stem, path, starts, sizes, numbers, mark.hexdigest())
