"""A checkpoint exists only if its manifest verifies.

Committing: a hidden folder in the same file system; every file written, hashed and fsynced; `MANIFEST.json` last;
the folder renamed and its parent fsynced. Whatever dies in between leaves a hidden folder that nobody offers.
Reading: sizes and SHA-256 of all files, or the checkpoint is passed over with the reason.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from torch import Tensor

from engine.train.errors import ResumeError, SaveError
from engine.train.tensors import PIECE, write_bytes, write_tensors

MANIFEST = "MANIFEST.json"
HIDDEN = ".saving-"
TRASH = ".trash-"
ASIDE = ".aside-"
PINS = ".pinned"
"""Names, one a line, of those that are kept whatever the rules say."""
SCHEMA = 1


@dataclass(frozen=True)
class Snapshot:
    """All of a checkpoint in memory; `facts` go into the manifest and must hold `step`."""

    name: str
    facts: dict[str, Any]
    tensors: dict[str, dict[str, Tensor]] = field(default_factory=dict)
    files: dict[str, bytes] = field(default_factory=dict)


@dataclass(frozen=True)
class Checkpoint:
    """A committed folder."""

    path: Path
    manifest: dict[str, Any]

    @property
    def step(self) -> int:
        return int(self.manifest["step"])

    @property
    def bytes(self) -> int:
        return sum(int(entry["bytes"]) for entry in self.manifest["files"].values())


def commit(root: Path, snapshot: Snapshot) -> Checkpoint:
    """Write the snapshot as `root/<name>`; durable when this returns."""
    root.mkdir(parents=True, exist_ok=True)
    hidden = root / f"{HIDDEN}{snapshot.name}-{uuid.uuid4().hex[:8]}"
    try:
        hidden.mkdir()
        manifest = _fill(hidden, snapshot)
        target = root / snapshot.name
        if target.exists() and _stands(target):
            shutil.rmtree(hidden)
            return verify(target)
        hidden.rename(target)
        sync_folder(root)
    except OSError as error:
        shutil.rmtree(hidden, ignore_errors=True)
        raise SaveError(
            f"{snapshot.name} could not be saved in {root}: {error.strerror or error};"
            f" {shutil.disk_usage(root).free / 1e9:.2f} GB are free there"
        ) from None
    return Checkpoint(target, manifest)


def _stands(path: Path) -> bool:
    """Whether a checkpoint of that name is good already; a bad one is set aside for the new one, not deleted."""
    try:
        verify(path)
    except ResumeError as error:
        aside = path.with_name(f"{ASIDE}{path.name}-{uuid.uuid4().hex[:8]}")
        path.rename(aside)
        (aside / "REASON").write_text(f"{error}\n", "utf-8")
        return False
    return True


def _fill(folder: Path, snapshot: Snapshot) -> dict[str, Any]:
    entries: dict[str, dict[str, Any]] = {}
    for name, tensors in snapshot.tensors.items():
        size, mark = write_tensors(folder / name, tensors)
        entries[name] = {"bytes": size, "sha256": mark}
    for name, content in snapshot.files.items():
        size, mark = write_bytes(folder / name, content)
        entries[name] = {"bytes": size, "sha256": mark}
    sync_folder(folder)
    manifest = {"schema": SCHEMA, **snapshot.facts, "files": entries}
    write_bytes(folder / MANIFEST, json.dumps(manifest, indent=1).encode())
    sync_folder(folder)
    return manifest


def verify(path: Path) -> Checkpoint:
    """The checkpoint in this folder, or a ResumeError that says what is wrong with it."""
    try:
        manifest = json.loads((path / MANIFEST).read_bytes())
        entries: Mapping[str, Any] = manifest["files"]
        int(manifest["step"])
    except FileNotFoundError:
        raise ResumeError(f"{path} has no {MANIFEST}: it was never completed") from None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ResumeError(f"{path / MANIFEST} cannot be read: {error!r}") from None
    for name, entry in entries.items():
        file = path / Path(name).name
        try:
            size = file.stat().st_size
            if size != entry["bytes"]:
                raise ResumeError(f"{file} has {size} bytes instead of {entry['bytes']}: truncated")
            if hash_file(file) != entry["sha256"]:
                raise ResumeError(f"{file} is damaged: its SHA-256 is not the manifest's")
        except OSError as error:
            raise ResumeError(f"{file} cannot be read: {error.strerror}") from None
    return Checkpoint(path, manifest)


def committed(root: Path) -> list[Path]:
    """The folders that claim to be checkpoints, oldest step first. Nothing is verified here."""
    found = []
    for path in root.glob("*/" + MANIFEST):
        try:
            if not path.parent.name.startswith("."):
                facts = json.loads(path.read_bytes())
                found.append((int(facts["step"]), int(facts.get("micro", 0)), path.parent))
        except (OSError, ValueError, KeyError, TypeError):
            continue
    return [path for _, _, path in sorted(found)]


def newest(root: Path) -> tuple[Checkpoint | None, list[str]]:
    """The newest checkpoint that verifies, and why newer ones were passed over."""
    reasons: list[str] = []
    for path in reversed(committed(root)):
        try:
            return verify(path), reasons
        except ResumeError as error:
            reasons.append(str(error))
    return None, reasons


def rotate(root: Path, keep: int, metric: str = "eval_loss") -> list[Path]:
    """Delete what is neither among the newest `keep`, nor the best, nor pinned, nor the end of a phase."""
    paths = committed(root)
    facts = {path: json.loads((path / MANIFEST).read_bytes()) for path in paths}
    scores = {p: f[metric] for p, f in facts.items() if isinstance(f.get(metric), (int, float))}
    kept = set(paths[-max(1, keep) :])
    kept |= {path for path in paths if facts[path].get("phase_end")}
    kept |= {root / name for name in pinned(root)}
    if scores:
        kept.add(min(scores, key=lambda path: scores[path]))
    gone = [path for path in paths if path not in kept]
    for path in gone:
        discard(path)
    return gone


def pinned(root: Path) -> list[str]:
    """What somebody wants kept; the keeper writes the list."""
    try:
        return (root / PINS).read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        return []


def discard(path: Path) -> None:
    """Out of sight first, then deleted: a half-deleted folder is never offered."""
    trash = path.with_name(f"{TRASH}{path.name}-{uuid.uuid4().hex[:8]}")
    path.rename(trash)
    shutil.rmtree(trash, ignore_errors=True)


def sweep(root: Path) -> None:
    """Remove what killed predecessors left half-written."""
    for path in (*root.glob(HIDDEN + "*"), *root.glob(TRASH + "*")):
        shutil.rmtree(path, ignore_errors=True)


def hash_file(path: Path) -> str:
    mark = hashlib.sha256()
    with path.open("rb") as file:
        while piece := file.read(PIECE):
            mark.update(piece)
    return mark.hexdigest()


def sync_folder(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
