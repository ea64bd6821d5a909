"""Files that lie inside one file: a bundle's parts, by the paths they would have if somebody had unpacked it.

Whoever reads a run asks here for its files. A path below a file that was opened as a bundle is one of its parts, which
stand in memory; every other path is what it says. Nothing is ever written. Standard library, Python 3.8: the followers
that the runner carries ask too.
"""

from __future__ import annotations

import os
import stat
import sys
import tempfile
from typing import BinaryIO, Mapping, Union

from engine import system

Path = Union[str, "os.PathLike[str]"]
_OPENED: dict[str, dict[str, int]] = {}
"""By a bundle's path: its parts' names, and descriptors of nameless files that hold them."""


def hold(root: Path, parts: Mapping[str, int]) -> None:
    """From now on these descriptors are the files below this path. They are ours to close."""
    forget(root)
    _OPENED[os.fspath(root)] = dict(parts)


def forget(root: Path) -> None:
    """Give the memory of a bundle back."""
    for fd in _OPENED.pop(os.fspath(root), {}).values():
        os.close(fd)


def inside(path: Path) -> bool:
    """Whether this is a bundle that was opened, or a part of one."""
    return os.fspath(path) in _OPENED or _part(path) is not None


def nameless() -> BinaryIO:
    """A file without a name, in memory where the system has that; it ends with its descriptor."""
    if hasattr(os, "memfd_create"):
        return os.fdopen(os.memfd_create("part", os.MFD_CLOEXEC), "w+b")
    return tempfile.TemporaryFile()


def descriptor(path: Path, flags: int = 0) -> int:
    """The file, open for reading."""
    found = _part(path)
    if found is None:
        return os.open(path, os.O_RDONLY | system.RAW | flags)
    if found < 0:
        raise FileNotFoundError(2, "no such part of the bundle", os.fspath(path))
    if sys.platform == "linux":  # an offset of its own, as every opened file has
        return os.open(f"/proc/self/fd/{found}", os.O_RDONLY | system.RAW)
    again = os.dup(found)
    os.lseek(again, 0, os.SEEK_SET)
    return again


def opened(path: Path) -> BinaryIO:
    """The same as a file object."""
    return os.fdopen(descriptor(path), "rb")


def size(path: Path) -> int | None:
    """Bytes of a regular file; None where there is none."""
    found = _part(path)
    try:
        status = os.stat(path) if found is None else os.fstat(found)
    except (OSError, ValueError):
        return None
    return status.st_size if stat.S_ISREG(status.st_mode) else None


def small(path: Path, cap: int) -> bytes:
    """A regular file's bytes. A pipe of that name must not hold us, nor a giant fill the memory."""
    with os.fdopen(descriptor(path, system.NONBLOCK), "rb") as file:
        found = os.fstat(file.fileno())
        if not stat.S_ISREG(found.st_mode) or found.st_size > cap:
            raise ValueError(f"{os.fspath(path)} is no small file")
        return file.read()


def names(folder: Path) -> list[str]:
    """What is in a folder; of a bundle the names in that place of it."""
    held = _below(folder)
    if held is None:
        return os.listdir(folder)
    parts, rest = held
    head = rest + "/" if rest else ""
    return sorted({name[len(head) :].split("/")[0] for name in parts if name.startswith(head)})


def _part(path: Path) -> int | None:
    """A part's descriptor, -1 where the bundle has no such part; None: no bundle is meant."""
    held = _below(path) if _OPENED else None
    return None if held is None else held[0].get(held[1], -1)


def _below(path: Path) -> tuple[dict[str, int], str] | None:
    text = os.fspath(path)
    for root, parts in _OPENED.items():
        if text == root or text.startswith(root + os.sep):
            return parts, text[len(root) + 1 :].replace(os.sep, "/")
    return None
