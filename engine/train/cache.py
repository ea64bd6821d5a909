"""Tokens on disk, found by the content of all that they are made from: the files, the tokenizer, the settings.

A place is a folder named by that content's hash, renamed into being when it is complete, so nothing half is ever read,
a changed file, tokenizer or length never meets old tokens, and two ranks that make the same do no harm.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from engine.train.checkpoint import hash_file
from engine.train.errors import TrainError

Arrays = Mapping[str, npt.NDArray[Any]]
FACTS = "facts.json"
VERSION = 1
"""Raise it whenever rows become tokens in another way."""


@dataclass(frozen=True)
class Tokens:
    """Flat arrays, mapped where they come from the disk, and what was noted when they were made."""

    arrays: Arrays
    facts: Mapping[str, Any]


def cached(mode: str, key: str, make: Callable[[], Tokens]) -> Tokens:
    """What `make` makes, from the disk where it was made before; `mode` is `data.cache`."""
    place = folder() / key
    if mode != "rebuild" and (place / FACTS).is_file():
        return _read(place)
    if mode == "require":
        raise TrainError(
            f"data.cache = 'require', and {place} is not there: files, tokenizer or settings have changed"
            " since these rows were tokenized, or never were; run once with data.cache = 'auto'"
        )
    made = make()
    try:
        _write(place, made)
    except OSError:
        return made  # no room for a cache is no reason not to train
    return _read(place)


def folder() -> Path:
    """`$COCKPIT_HOME/cache/tokens`, else in the user's cache folder."""
    if os.environ.get("COCKPIT_HOME"):
        return Path(os.environ["COCKPIT_HOME"]).expanduser().absolute() / "cache" / "tokens"
    base = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(base) / "training-cockpit" / "tokens"


def fingerprint(paths: tuple[str, ...], *others: Any) -> str:
    """The content of the files in their order, and everything else that decides the tokens."""
    mark = hashlib.sha256(repr((VERSION, *others)).encode())
    for path in map(Path, paths):
        if not path.is_file():
            raise TrainError(f"data: no file {path} (from {Path.cwd()})")
        mark.update(hash_file(path).encode())
    return mark.hexdigest()[:32]


def _read(place: Path) -> Tokens:
    facts = json.loads((place / FACTS).read_bytes())
    found = {file.stem: np.load(file, mmap_mode="r") for file in place.glob("*.npy")}
    return Tokens(found, facts)


def _write(place: Path, made: Tokens) -> None:
    place.parent.mkdir(parents=True, exist_ok=True)
    hidden = Path(tempfile.mkdtemp(prefix=".making-", dir=place.parent))
    try:
        for name, array in made.arrays.items():
            np.save(hidden / f"{name}.npy", array)
        (hidden / FACTS).write_text(json.dumps(made.facts))
        if place.exists():
            shutil.rmtree(place)
        hidden.rename(place)
    except OSError:
        shutil.rmtree(hidden, ignore_errors=True)
        if not (place / FACTS).is_file():
            raise
