"""Tokens on disk: a folder named by the digest of everything that they are made of, opened by mapping it.

    tokens.bin    ids, uint16 where the vocabulary allows it, else uint32
    ends.bin      where each document ends, int64
    learned.bin   one byte a token, where not all are learned
    bins.bin      documents in the order of the bins, bounds.bin where each bin ends, where they are packed
    manifest.json what they were made of and the SHA-256 of each file; written last

A folder without its manifest is not a store.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from engine.data.packing import Bins
from engine.errors import Unusable

VERSION = 1
MANIFEST = "manifest.json"
SHORT = 16
TOLD = 6
"""Differences of a miss that are told."""
WORDS = {
    "max_length": "max length", "tokenizer": "tokenizer", "template": "template", "eos": "end of text",
    "packing": "packing", "too_long": "too long rows", "mask_prompt": "prompts masked", "kind": "row format",
    "running": "running text", "seed": "seed of the packing", "chat": "chat template",
    "version": "format of the store",
}  # fmt: skip

HASHED = ("tokenizer", "chat")


@dataclass(frozen=True)
class Source:
    """A file of rows by its content; how it is read depends on its suffix."""

    name: str
    sha256: str
    bytes: int


@dataclass(frozen=True)
class Origin:
    """Everything that the tokens depend on."""

    files: tuple[Source, ...]
    tokenizer: str
    """SHA-256 of the tokenizer.json."""
    eos: str
    max_length: int
    template: str = "alpaca"
    kind: str = "auto"
    too_long: str = "truncate"
    mask_prompt: bool = True
    packing: bool = True
    running: bool = False
    """One stream of texts with no limit, as pre-training reads it."""
    seed: int = 42
    chat: str = ""
    """What the template `model` is: SHA-256 of the files that say it."""
    version: int = VERSION

    @property
    def digest(self) -> str:
        """Of contents, not of names: a file that was only moved is the same file."""
        table = asdict(self)
        table["files"] = [(one.sha256, Path(one.name).suffix) for one in self.files]
        return hashlib.sha256(json.dumps(table, sort_keys=True).encode()).hexdigest()


@dataclass(frozen=True)
class Store:
    """Opened tokens; nothing is read before it is asked for."""

    folder: Path
    manifest: Mapping[str, Any]
    tokens: npt.NDArray[Any]
    ends: npt.NDArray[np.int64]
    learned: npt.NDArray[np.bool_] | None
    bins: Bins | None

    def document(self, index: int) -> npt.NDArray[Any]:
        return self.tokens[self.start(index) : int(self.ends[index])]

    def start(self, index: int) -> int:
        return int(self.ends[index - 1]) if index else 0

    def __len__(self) -> int:
        return len(self.ends)


def open_store(folder: Path) -> Store:
    """Raises `Unusable` where the folder is none, or a file of it has another size than it had."""
    manifest = read_manifest(folder)
    if manifest is None:
        raise Unusable(f"{folder}: no tokens here", "engine data pretokenize writes them")
    for name, told in manifest["outputs"].items():
        path = folder / name
        if not path.is_file() or path.stat().st_size != told["bytes"]:
            raise Unusable(f"{path} is damaged or gone", "engine data pretokenize --mode rebuild")
    tokens = mapped(folder / "tokens.bin", manifest["dtype"])
    learned = folder / "learned.bin"
    bins = None
    if "bins.bin" in manifest["outputs"]:
        bins = Bins(mapped(folder / "bins.bin", "int64"), mapped(folder / "bounds.bin", "int64"))
    return Store(
        folder, manifest, tokens, mapped(folder / "ends.bin", "int64"),
        mapped(learned, "bool") if "learned.bin" in manifest["outputs"] else None, bins,
    )  # fmt: skip


def mapped(path: Path, dtype: str) -> npt.NDArray[Any]:
    """A file as an array; an empty one cannot be mapped."""
    if path.stat().st_size == 0:
        return np.zeros(0, dtype=dtype)
    return np.memmap(path, dtype=np.dtype(dtype), mode="r")


def read_manifest(folder: Path) -> dict[str, Any] | None:
    try:
        table = json.loads((folder / MANIFEST).read_bytes())
    except (OSError, ValueError):
        return None
    return table if isinstance(table, dict) and "origin" in table else None


def why_missing(out: Path, origin: Origin) -> str:
    """Why the tokens that are there are not these, in words: the nearest of them and what differs.

    Stores that share no file with these are those of something else.
    """
    wanted = json.loads(json.dumps(asdict(origin)))
    best: list[str] | None = None
    for path in sorted(out.glob(f"*/{MANIFEST}")):
        manifest = read_manifest(path.parent)
        if manifest is not None and _known(manifest["origin"]["files"]) & _known(wanted["files"]):
            found = differences(manifest["origin"], wanted)
            if best is None or len(found) < len(best):
                best = found
    if best is None:
        return "nothing is there yet"
    more = f"; and {len(best) - TOLD} more" if len(best) > TOLD else ""
    return "; ".join(best[:TOLD]) + more


def _known(files: Sequence[Mapping[str, Any]]) -> set[str]:
    return {mark for one in files for mark in (Path(one["name"]).name, one["sha256"])}


def differences(before: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    found = []
    for key, word in WORDS.items():
        old, new = before.get(key), now.get(key)
        if old != new:
            found.append(f"{word} changed" if key in HASHED else f"{word} {old} → {new}")
    return found + _files(before.get("files", []), now["files"])


def _files(before: Sequence[Mapping[str, Any]], now: Sequence[Mapping[str, Any]]) -> list[str]:
    old = {Path(one["name"]).name: one["sha256"] for one in before}
    new = {Path(one["name"]).name: one["sha256"] for one in now}
    return [
        *(f"{name} is new" for name in new if name not in old),
        *(f"{name} is no longer there" for name in old if name not in new),
        *(f"{name} changed" for name in new if name in old and new[name] != old[name]),
    ]
