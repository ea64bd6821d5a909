"""Counts become rows: which ones, in which order, and the three files of a phase.

The same buckets, asks and seed give the same bytes on every machine. Files are named by their content, so an older
draw is never taken for a newer one.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from engine import system
from engine.data.buckets import Bucket, Tree
from engine.data.landing import landing
from engine.data.mix import Counts
from engine.data.order import number, shuffled
from engine.profile.tables.data import Phase

OPEN_FILES = 256
SHORT = 12


class Pick(NamedTuple):
    """Rows of a phase in their order: the bucket of each and its place in it."""

    bucket: npt.NDArray[np.int32]
    row: npt.NDArray[np.int64]


@dataclass(frozen=True)
class Written:
    """The files of one phase."""

    phase: str
    rows: int
    digest: str
    files: Mapping[str, tuple[str, str]]
    """What it is → its name and SHA-256."""


class Drawer:
    """Draws phase after phase from a tree; a row that was drawn is drawn no more unless the phase may."""

    def __init__(self, tree: Tree, seed: int) -> None:
        self._tree, self._seed = tree, seed
        self._used = [np.zeros(len(bucket), dtype=np.bool_) for bucket in tree.buckets]

    @property
    def left(self) -> Counts:
        """Rows that no phase has had, by domain and tier."""
        found: dict[str, dict[str, int]] = {}
        for bucket, used in zip(self._tree.buckets, self._used, strict=True):
            rows = len(bucket) - int(used.sum())
            found.setdefault(bucket.domain, {})[bucket.tier] = rows
        return found

    def take(self, manifest: Path) -> None:
        """Mark the rows of an earlier draw as used."""
        names = {bucket.name: index for index, bucket in enumerate(self._tree.buckets)}
        lines: dict[int, list[int]] = {}
        with manifest.open("rb") as file:
            for line in file:
                row = json.loads(line)
                lines.setdefault(names[row["source_file"]], []).append(row["line"])
        for index, numbers in lines.items():
            self._used[index][np.isin(self._tree.buckets[index].numbers, numbers)] = True

    def draw(self, phase: Phase, counts: Counts) -> Pick:
        seed = self._seed if phase.seed is None else phase.seed
        buckets, rows = [], []
        for index, bucket in enumerate(self._tree.buckets):
            wanted = counts.get(bucket.domain, {}).get(bucket.tier, 0)
            if not wanted:
                continue
            order = shuffled(len(bucket), seed, number(f"{phase.id}/{bucket.name}"))
            if not phase.reuse:
                order = order[~self._used[index][order]]
            chosen = order[:wanted]
            if not phase.reuse:
                self._used[index][chosen] = True
            rows.append(chosen)
            buckets.append(np.full(len(chosen), index, dtype=np.int32))
        if not rows:
            return Pick(np.zeros(0, np.int32), np.zeros(0, np.int64))
        return self._order(phase, Pick(np.concatenate(buckets), np.concatenate(rows)), seed)

    def _order(self, phase: Phase, pick: Pick, seed: int) -> Pick:
        """Blocks of a domain go from easy to hard; else all is mixed, what is in focus first."""
        domains = [bucket.domain for bucket in self._tree.buckets]
        tiers = [self._tree.tiers.index(bucket.tier) for bucket in self._tree.buckets]
        mixed = shuffled(len(pick.row), seed, number(f"{phase.id}/order"))
        bucket = pick.bucket[mixed]
        if phase.quota is not None and phase.cap is None:
            names = {name: rank for rank, name in enumerate(dict.fromkeys(domains))}
            rank = np.array(
                [names[d] * len(tiers) + t for d, t in zip(domains, tiers, strict=True)]
            )
        else:
            rank = np.array([0 if d in phase.focus else 1 for d in domains])
        order = mixed[np.argsort(rank[bucket], kind="stable")]
        return Pick(pick.bucket[order], pick.row[order])


def write(tree: Tree, phase: Phase, pick: Pick, folder: Path, merge: bool = True) -> Written:
    """`manifest_phaseX_DIGEST.jsonl` and `merged_phaseX_DIGEST.jsonl`; the digest is that of what is in them."""
    with landing(folder / f"manifest_phase{phase.id}.jsonl") as manifest:
        for line in _manifest(tree, pick):
            manifest.write(line)
        inputs = {tree.buckets[i].name: tree.buckets[i].sha256 for i in np.unique(pick.bucket)}
        content = f"{manifest.sha256} {json.dumps(inputs, sort_keys=True)}"
        digest = hashlib.sha256(content.encode()).hexdigest()[:SHORT]
        manifest.path = folder / f"manifest_phase{phase.id}_{digest}.jsonl"
    files = {"manifest": (manifest.path.name, manifest.sha256)}
    if merge:
        with landing(folder / f"merged_phase{phase.id}_{digest}.jsonl") as merged:
            for data in _lines(tree, pick):
                merged.write(data if data.endswith(b"\n") else data + b"\n")
        files["merged"] = (merged.path.name, merged.sha256)
    return Written(phase.id, len(pick.row), digest, files)


def _manifest(tree: Tree, pick: Pick) -> Iterator[bytes]:
    for index, row in zip(pick.bucket.tolist(), pick.row.tolist(), strict=True):
        bucket = tree.buckets[index]
        line = {
            "source_file": bucket.name, "line": int(bucket.numbers[row]),
            "domain": bucket.domain, "difficulty": bucket.tier,
        }  # fmt: skip
        yield json.dumps(line).encode() + b"\n"


def _lines(tree: Tree, pick: Pick) -> Iterator[bytes]:
    """The rows as they stand in their buckets."""
    opened: dict[int, int] = {}
    try:
        for index, row in zip(pick.bucket.tolist(), pick.row.tolist(), strict=True):
            bucket = tree.buckets[index]
            if index not in opened:
                if len(opened) >= OPEN_FILES:
                    os.close(opened.pop(next(iter(opened))))
                opened[index] = os.open(bucket.path, os.O_RDONLY)
            yield system.read_at(opened[index], int(bucket.sizes[row]), int(bucket.starts[row]))
    finally:
        for file in opened.values():
            os.close(file)


def merged_path(folder: Path, written: Written) -> Path:
    return folder / written.files["merged"][0]


def bucket_inputs(tree: Tree) -> dict[str, dict[str, object]]:
    """Provenance: every bucket's rows and SHA-256."""
    return {bucket.name: _input(bucket) for bucket in tree.buckets}


def _input(bucket: Bucket) -> dict[str, object]:
    return {"rows": len(bucket), "sha256": bucket.sha256}
