"""The manifest of a checkpoint: size and SHA-256 of every file. That of a foreign one lies in the run's folder.

A foreign checkpoint is committed once it is complete by its kind and did not change between two looks; from then on
every changed bit is seen. It never changes what a script wrote.
"""

from __future__ import annotations

import hashlib
import json
import os
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from engine import journal, system
from engine.shelf import MANIFEST, Contents

CAP = 16 << 20
"""Bytes of a manifest beyond which it is not taken for one."""
SCHEMA = 1
_PIECE = 1 << 20


@dataclass(frozen=True)
class Kept:
    """A manifest on the disk and its own SHA-256."""

    path: Path
    sha256: str


def of(path: Path, contents: Contents) -> dict[str, Any]:
    """Read every byte. A link's target is what counts: what a script keeps is what it can read."""
    entries = {}
    for file in files(path):
        name = file.relative_to(path).as_posix() if file != path else path.name
        entries[name] = {"bytes": file.stat().st_size, "sha256": sha256(file)}
    return {
        "schema": SCHEMA,
        "path": str(path),
        "kind": contents.kind,
        "step": contents.step,
        "holds": list(contents.holds),
        "metrics": dict(contents.metrics),
        "files": entries,
    }


def keep(folder: Path, manifest: Mapping[str, Any]) -> Kept:
    """Durable below `folder`, by a name that no other path has."""
    raw = json.dumps(manifest, indent=1).encode()
    target = place(folder, Path(manifest["path"]))
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    journal.replace(target, raw)
    return Kept(target, hashlib.sha256(raw).hexdigest())


def place(folder: Path, path: Path) -> Path:
    """Where the manifest of a foreign checkpoint lies."""
    mark = hashlib.sha256(os.fsencode(path)).hexdigest()[:12]
    return folder / f"{path.name[:80]}-{mark}.json"


def read(path: Path, sha: str | None = None) -> dict[str, Any] | None:
    """The manifest in this file; None where there is none, or not the one that was told."""
    try:
        raw = small(path, CAP)
        found = json.loads(raw)
    except (OSError, ValueError, RecursionError):
        return None
    if sha is not None and hashlib.sha256(raw).hexdigest() != sha:
        return None
    return found if isinstance(found, dict) and isinstance(found.get("files"), dict) else None


def known(path: Path, sha: str) -> Mapping[str, Any] | None:
    """As `read`, but a file that did not change is read once: screens ask ten times a second. Not to be changed."""
    try:
        status = path.stat()
    except OSError:
        return None
    return _known(path, sha, (status.st_mtime_ns, status.st_size, status.st_ino))


@lru_cache(maxsize=2048)
def _known(path: Path, sha: str, _: object) -> Mapping[str, Any] | None:
    return read(path, sha)


def inside(path: Path) -> dict[str, Any] | None:
    """The manifest that our own trainer wrote."""
    return read(path / MANIFEST)


def flaw(path: Path, manifest: Mapping[str, Any], hashes: bool = False) -> str | None:
    """What does not agree with the manifest, in words; None when all does."""
    try:
        for name, entry in manifest["files"].items():
            file = path if path.is_file() else path / name
            found = file.lstat() if manifest.get("path") is None else file.stat()
            if not stat.S_ISREG(found.st_mode):
                return f"{name} is no file"
            if found.st_size != entry["bytes"]:
                return f"{name} has {found.st_size} bytes instead of {entry['bytes']}"
            if hashes and sha256(file) != entry["sha256"]:
                return f"{name} is damaged: its SHA-256 is not the manifest's"
    except FileNotFoundError as error:
        return f"{Path(str(error.filename)).name} is missing"
    except OSError as error:
        return f"cannot be read: {error.strerror}"
    except (KeyError, TypeError, AttributeError, ValueError):
        return "its manifest is damaged"
    return None


def total(manifest: Mapping[str, Any]) -> int | None:
    """Bytes of all its files."""
    try:
        return sum(int(entry["bytes"]) for entry in manifest["files"].values())
    except (KeyError, TypeError, AttributeError, ValueError):
        return None


def files(path: Path) -> list[Path]:
    """Everything that belongs to it, in one order."""
    if not path.is_dir():
        return [path]
    return [file for file in sorted(path.rglob("*")) if file.is_file()]


def signature(path: Path) -> tuple[tuple[str, int, int], ...]:
    """Names, sizes and times: equal at two looks means that nobody wrote between them."""
    found = []
    for file in files(path):
        status = file.stat()
        found.append((str(file), status.st_size, status.st_mtime_ns))
    return tuple(found)


def size(path: Path) -> int | None:
    try:
        return sum(file.stat().st_size for file in files(path))
    except OSError:
        return None


def sha256(file: Path) -> str:
    digest = hashlib.sha256()
    with open(file, "rb") as source:
        while block := source.read(_PIECE):
            digest.update(block)
    return digest.hexdigest()


def small(path: Path, cap: int) -> bytes:
    """A regular file's bytes. A pipe of that name must not hold us, nor a giant fill the memory."""
    fd = os.open(path, os.O_RDONLY | system.RAW | system.NONBLOCK)
    with open(fd, "rb") as file:
        found = os.fstat(fd)
        if not stat.S_ISREG(found.st_mode) or found.st_size > cap:
            raise ValueError(f"{path} is no small file")
        return file.read()
