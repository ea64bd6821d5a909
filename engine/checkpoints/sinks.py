"""Copies of checkpoints in places off the machine, by fsspec: `file://`, `gs://`, `s3://`, `hf://`, whatever it knows.

A copy counts once every byte of it was read back and is right; the manifest goes last, so a copy without one
is half a copy. A name that is taken by something else is never overwritten.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine.checkpoints.checkpoint import Checkpoint
from engine.errors import Unusable
from engine.shelf import MANIFEST, Contents, manifest

_PIECE = 1 << 20


@dataclass(frozen=True)
class Copied:
    """Where it lies now, and how large it is."""

    to: str
    bytes: int


def push(one: Checkpoint, sink: str, run: str) -> Copied:
    """Copy into `<sink>/<run>/<name>` and verify; a copy that is there and whole is left as it is."""
    system, root = _system(sink)
    folder = f"{root.rstrip('/')}/{run}/{one.name}"
    path = Path(one.path)
    table = manifest.inside(path) or manifest.of(
        path, Contents(one.kind or "file", one.step, one.holds, one.metrics)
    )
    entries: dict[str, Any] = table["files"]
    size = sum(int(entry["bytes"]) for entry in entries.values())
    there = _there(system, folder)
    if there is not None and there.get("files") == entries:
        return Copied(_shown(sink, run, one), size)
    if there is not None:
        raise Unusable(
            f"{folder} holds another checkpoint of that name", fix="push it to another place"
        )
    try:
        for name, entry in entries.items():
            _copy(system, path if path.is_file() else path / name, f"{folder}/{name}", entry)
        _write(system, f"{folder}/{MANIFEST}", json.dumps(table, indent=1).encode())
    except OSError as error:
        raise Unusable(f"{folder} cannot be written: {error}", fix="check the sink") from error
    return Copied(_shown(sink, run, one), size)


def send(to: str, files: Sequence[Path], made: Mapping[str, bytes]) -> Copied:
    """Single files and made ones into a folder; what is there under another content is refused."""
    system, root = _system(to)
    size = 0
    try:
        for path in files:
            entry = {"bytes": path.stat().st_size, "sha256": manifest.sha256(path)}
            target = f"{root.rstrip('/')}/{path.name}"
            if (there := _sha(system, target)) not in (None, entry["sha256"]):
                raise Unusable(f"{target} holds something else", fix="publish to another place")
            if there is None:
                _copy(system, path, target, entry)
            size += path.stat().st_size
        for name, data in made.items():
            system.makedirs(root, exist_ok=True)
            _write(system, f"{root.rstrip('/')}/{name}", data)
            size += len(data)
    except OSError as error:
        raise Unusable(f"{to} cannot be written: {error}", fix="check the address") from error
    return Copied(to, size)


def verify(sink: str, run: str, name: str) -> str | None:
    """What is wrong with the copy there; None when every byte is right."""
    system, root = _system(sink)
    folder = f"{root.rstrip('/')}/{run}/{name}"
    table = _there(system, folder)
    if table is None:
        return "its manifest is missing"
    for file, entry in table["files"].items():
        if _sha(system, f"{folder}/{file}") != entry["sha256"]:
            return f"{file} is damaged: its SHA-256 is not the manifest's"
    return None


def _system(sink: str) -> tuple[Any, str]:
    """The file system behind an address, and the path on it."""
    try:
        import fsspec  # type: ignore[import-untyped]
    except ImportError:
        raise Unusable(
            "copies in sinks need fsspec", fix="pip install 'training-cockpit[publish]'"
        ) from None
    try:
        system, path = fsspec.core.url_to_fs(
            sink if "://" in sink else f"file://{os.path.abspath(sink)}"
        )
    except (ValueError, ImportError) as error:
        raise Unusable(f"the sink {sink} cannot be reached: {error}") from None
    return system, str(path)


def _there(system: Any, folder: str) -> dict[str, Any] | None:
    try:
        found = json.loads(system.cat_file(f"{folder}/{MANIFEST}"))
    except (OSError, ValueError):
        return None
    return found if isinstance(found, dict) and isinstance(found.get("files"), dict) else None


def _copy(system: Any, source: Path, target: str, entry: dict[str, Any]) -> None:
    """What is read back must be what the manifest says."""
    system.makedirs(target.rpartition("/")[0], exist_ok=True)
    system.put_file(str(source), target)
    if _sha(system, target) != entry["sha256"]:
        system.rm_file(target)
        raise OSError(f"{target} is not what was sent")


def _write(system: Any, target: str, data: bytes) -> None:
    with system.open(target, "wb") as file:
        file.write(data)


def _sha(system: Any, target: str) -> str | None:
    digest = hashlib.sha256()
    try:
        for piece in _pieces(system, target):
            digest.update(piece)
    except OSError:
        return None
    return digest.hexdigest()


def _pieces(system: Any, target: str) -> Iterator[bytes]:
    with system.open(target, "rb") as file:
        while piece := file.read(_PIECE):
            yield piece


def _shown(sink: str, run: str, one: Checkpoint) -> str:
    return f"{sink.rstrip('/')}/{run}/{one.name}"
