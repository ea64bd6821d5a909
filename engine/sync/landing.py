"""From a hidden folder to its place: what came is compared, made durable, and appears whole or not at all."""

from __future__ import annotations

import ctypes
import hashlib
import os
import shutil
import stat
from collections.abc import Set
from pathlib import Path

from engine import journal
from engine.runner.take import inside
from engine.runs import PRIVATE_DIR, PRIVATE_FILE
from engine.sync.cargo import Cargo, Freight

PIECE = 1 << 20


class Landed:
    """A file on its way to the disk, behind what came of it before; entered, it is open."""

    def __init__(self, hidden: Path, file: Freight, here: int) -> None:
        self._path = inside(str(hidden), file.name)
        self._file, self._here = file, here
        self._digest, self._size, self._fd = hashlib.sha256(), 0, -1

    def __enter__(self) -> Landed:
        flags = os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
        flags |= 0 if self._here else os.O_TRUNC
        try:
            self._fd = os.open(self._path, flags, PRIVATE_FILE)
        except FileNotFoundError:
            os.makedirs(os.path.dirname(self._path), PRIVATE_DIR, exist_ok=True)
            self._fd = os.open(self._path, flags, PRIVATE_FILE)
        if self._here:
            os.ftruncate(self._fd, self._here)
            os.lseek(self._fd, self._here, os.SEEK_SET)
        return self

    def __exit__(self, *_: object) -> None:
        if self._file.mtime_ns is not None:
            os.utime(self._fd, ns=(self._file.mtime_ns, self._file.mtime_ns))
        os.close(self._fd)

    def write(self, data: bytes) -> None:
        self._digest.update(data)
        self._size += len(data)
        while data:
            data = data[os.write(self._fd, data) :]

    @property
    def is_right(self) -> bool:
        """Every byte went through here and is what the machine said; of a file that came in two parts nobody knows."""
        whole = self._here == 0 and self._size == self._file.bytes
        return whole and self._digest.hexdigest() == self._file.sha


def wrong(hidden: Path, cargo: Cargo, known: Set[str] = frozenset()) -> list[Freight]:
    """Those that are not what the machine said; they are removed, so that the next try begins with none of them.

    `known` were compared on their way; the others are read.
    """
    clean(hidden, cargo)
    found = [file for file in cargo.files if file.name not in known and not _same(hidden, file)]
    _flush(hidden)
    for file in found:
        Path(inside(str(hidden), file.name)).unlink(missing_ok=True)
    return found


def settled(hidden: Path, inner: str, target: Path) -> None:
    """What lies at `inner` of the hidden folder is durable and in its place; what was there before gives way."""
    for folder, _, _ in os.walk(hidden):
        journal.sync_folder(folder)
    target.parent.mkdir(mode=PRIVATE_DIR, parents=True, exist_ok=True)
    former = target.with_name(f".{target.name}.former")
    _remove(former)
    if target.exists():
        os.rename(target, former)
    os.rename(hidden / inner, target)
    journal.sync_folder(target.parent)
    for left in (former, hidden):
        _remove(left)


def spread(hidden: Path, target: Path, cargo: Cargo) -> None:
    """Each file in its place in a folder that has others."""
    for file in cargo.files:
        place = Path(inside(str(target), file.name))
        place.parent.mkdir(mode=PRIVATE_DIR, parents=True, exist_ok=True)
        os.replace(inside(str(hidden), file.name), place)
    for folder in {Path(inside(str(target), file.name)).parent for file in cargo.files}:
        journal.sync_folder(folder)
    shutil.rmtree(hidden, ignore_errors=True)


def clean(hidden: Path, cargo: Cargo) -> None:
    """Nothing stays that was not asked for, whatever made it."""
    wanted = {inside(str(hidden), file.name) for file in cargo.files}
    for folder, folders, names in os.walk(hidden, topdown=False):
        for name in names:
            if (path := os.path.join(folder, name)) not in wanted:
                os.unlink(path)
        for name in folders:
            path = os.path.join(folder, name)
            if os.path.islink(path):
                os.unlink(path)  # or a name below it would lead out
            elif not os.listdir(path):
                os.rmdir(path)


def marks(folder: Path) -> dict[str, list[int | None]]:
    """What is in a folder, as a listing has it."""
    found: dict[str, list[int | None]] = {}
    for file in folder.rglob("*"):
        if file.is_file():
            status = file.stat()
            found[file.relative_to(folder).as_posix()] = [status.st_size, status.st_mtime_ns]
    return found


def _flush(folder: Path) -> None:
    """Everything on its disk at once: five thousand files one by one would take longer than their way here."""
    fd = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        syncfs = getattr(ctypes.CDLL(None, use_errno=True), "syncfs", None)
        if syncfs is None:  # macOS
            os.sync()
        elif syncfs(fd):
            raise OSError(ctypes.get_errno(), "what came cannot be made durable", str(folder))
    finally:
        os.close(fd)


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


def _same(hidden: Path, file: Freight) -> bool:
    """A regular file of just these bytes."""
    try:
        fd = os.open(inside(str(hidden), file.name), os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError:
        return False
    digest = hashlib.sha256()
    with open(fd, "rb") as source:
        found = os.fstat(fd)
        if not stat.S_ISREG(found.st_mode) or found.st_size != file.bytes:
            return False
        while block := source.read(PIECE):
            digest.update(block)
    if file.mtime_ns is not None:
        os.utime(inside(str(hidden), file.name), ns=(file.mtime_ns, file.mtime_ns))
    return digest.hexdigest() == file.sha
