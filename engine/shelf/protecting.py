"""Copies of checkpoints that a script cannot reach: as reflinks where the file system has them, else byte by byte.

A hard link survives a deletion and not a script that writes to the same name again, so it is used only for files that
the script may not write to at all.
"""

from __future__ import annotations

import errno
import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from engine import journal, system
from engine.shelf import manifest

RESERVE = 1.05
"""Room that must be left for one more checkpoint of the same size, as a factor."""
HIDDEN = ".copying-"


@dataclass(frozen=True)
class Brought:
    """`word` is reflink, copy or link; where `copy` is None it is why there is none."""

    copy: str | None
    word: str


def bring(path: Path, target: Path, durable: bool = True) -> Brought:
    """At `target` when this returns, and durable unless it is only to outlive a script for a while.

    What is there already is kept when it has the same size.
    """
    if target.exists() and manifest.size(target) == manifest.size(path):
        return Brought(str(target), "copy")
    hidden = target.with_name(f"{HIDDEN}{target.name}")
    try:
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        forget(hidden)
        words = {_file(file, _below(hidden, path, file), durable) for file in manifest.files(path)}
        forget(target)
        hidden.rename(target)
        if durable:
            journal.sync_folder(target.parent)
    except OSError as error:
        forget(hidden)
        return Brought(None, f"not copied: {error.strerror or error}")
    return Brought(str(target), max(words, key=_WORDS.index, default="copy"))


_WORDS = ("reflink", "link", "copy")


def _below(hidden: Path, root: Path, file: Path) -> Path:
    return hidden if file == root else hidden / file.relative_to(root)


def _file(source: Path, target: Path, durable: bool) -> str:
    target.parent.mkdir(parents=True, exist_ok=True)
    if _reflinked(source, target):
        return "reflink"
    if unwritable(source):
        try:
            os.link(source, target)
            return "link"
        except OSError:  # another file system
            pass
    size = source.stat().st_size
    if shutil.disk_usage(target.parent).free < size * (1 + RESERVE):
        raise OSError(errno.ENOSPC, "too little room for a copy and the next checkpoint")
    with source.open("rb") as read, target.open("wb") as write:
        shutil.copyfileobj(read, write, 1 << 20)
        write.flush()
        if durable:
            os.fsync(write.fileno())
    shutil.copystat(source, target)
    return "copy"


def _reflinked(source: Path, target: Path) -> bool:
    with source.open("rb") as read, target.open("wb") as write:
        if not system.clone(write.fileno(), read.fileno()):
            write.close()
            target.unlink()
            return False
    shutil.copystat(source, target)
    return True


def unwritable(path: Path) -> bool:
    """The script, which runs as this user, may neither write the file nor make itself able to."""
    return system.user() not in (None, 0, path.stat().st_uid) and not os.access(path, os.W_OK)


def forget(path: Path) -> None:
    """A copy of ours, gone."""
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    elif path.exists():
        path.unlink()


def keep_newest(folder: Path, path: Path, count: int = 2) -> None:
    """Of the copies of one name, the last two: the newest, and the one before it while the newest is young."""
    copies = sorted(folder.glob(f"{path.stem}-*{path.suffix}"), key=lambda one: one.stat().st_mtime)
    for old in copies[:-count]:
        forget(old)


def give_back(copy: Path, path: Path) -> str | None:
    """Put the copy where the original was, if that is gone or another; returns what had become of it."""
    if path.exists():
        if _same(copy, path):
            return None
        reason = "it was overwritten"
        aside = path.with_name(f"{path.name}.not-resumed")
        forget(aside)
        path.rename(aside)
    else:
        reason = "it was deleted"
    brought = bring(copy, path)
    return reason if brought.copy else f"{reason} and could not be put back: {brought.word}"


def _same(a: Path, b: Path) -> bool:
    """Sizes, and times where they were copied along; else every byte."""
    left = {file.relative_to(a).as_posix(): file for file in manifest.files(a)}
    right = {file.relative_to(b).as_posix(): file for file in manifest.files(b)}
    if left.keys() != right.keys():
        return False
    return all(manifest.sha256(left[name]) == manifest.sha256(right[name]) for name in left)
