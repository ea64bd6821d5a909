"""What can go: caches, what a killed writer left, and old runs when somebody asks for it. Never a live run.

Finding is apart from removing, so that `--dry-run` shows exactly what would go.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from engine import index
from engine.errors import Unusable
from engine.journal import Held, Writer
from engine.runs import ID, Run, every

LEFTOVER_S = 3600.0
"""Age at which a hidden temporary file has no writer any more."""
TRASH = ".trash-"


@dataclass(frozen=True)
class Litter:
    """Something that can be removed, and why: cache, leftover or old run."""

    path: Path
    why: str
    bytes: int
    run: Run | None = None


def find(logs: Path, now: float, older_s: float | None = None) -> Iterator[Litter]:
    """Everything that can go; whole runs only when `older_s` is told."""
    for run in every(logs):
        if older_s is not None and _old(run, now - older_s):
            yield Litter(run.folder, "old run", size(run.folder), run)
            continue
        if run.cache.is_dir() and not run.cache.is_symlink():
            yield Litter(run.cache, "cache", size(run.cache))
        for path in _temporary(run.folder, now):
            yield Litter(path, "leftover", size(path))
    yield from _trash(logs)


def remove(litter: Litter) -> bool:
    """It is gone afterwards; False when a run came to life meanwhile and stays."""
    path = litter.path
    if litter.run is not None:
        try:
            # Held by us, no keeper can begin; held by another, the run lives.
            writer = Writer(litter.run.keeper)
        except Held:
            return False
        try:
            if index.is_live(index.row(litter.run)):
                return False
            path = path.with_name(TRASH + path.name)
            os.rename(litter.path, path)
        finally:
            writer.close()
    try:
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
    except OSError as error:
        raise Unusable(f"cannot remove {path}: {error.strerror}", "check its owner") from error
    return True


def size(path: Path) -> int:
    """Bytes below a path; links count as themselves."""
    if not path.is_dir() or path.is_symlink():
        return path.lstat().st_size
    total = 0
    for folder, _, files in os.walk(path):
        for name in files:
            try:
                total += os.lstat(os.path.join(folder, name)).st_size
            except FileNotFoundError:
                continue
    return total


def _old(run: Run, before: float) -> bool:
    """Final, and nothing was written since."""
    written = [_mtime(run.keeper)]
    written += [_mtime(attempt.segment("runner")) for attempt in run.attempts()]
    return max(written) < before and not index.is_live(index.row(run))


def _mtime(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0


def _temporary(folder: Path, now: float) -> Iterator[Path]:
    places = [folder, folder / "requests", *(a.folder for a in Run(folder).attempts())]
    for place in places:
        for path in sorted(place.glob("*.tmp")) if place.is_dir() else ():
            if now - _mtime(path) > LEFTOVER_S:
                yield path


def _trash(logs: Path) -> Iterator[Litter]:
    """Runs whose removal was cut short."""
    for path in sorted(logs.glob(TRASH + "*")):
        if ID.fullmatch(path.name[len(TRASH) :]):
            yield Litter(path, "leftover", size(path))
