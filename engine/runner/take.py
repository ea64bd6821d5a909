"""Unpack what a keeper sends into a folder of this machine: `runner.pyz --take FOLDER`, a tar on standard input.

The folder appears whole or not at all. Of what a tar can hold only regular files below the folder are made; links,
devices, owners, times and modes but the executable bit are not.
"""

from __future__ import annotations

import os
import shutil
import sys
import tarfile

from engine import journal
from engine.runner.frames import MAGIC

PRIVATE_DIR = 0o700


class Unsafe(Exception):
    """A name that would lead out of the folder."""


def take(folder: str) -> int:
    """Says `done N`, or `no` and why."""
    folder = os.path.abspath(os.path.expanduser(folder))
    hidden = f"{folder}.{os.getpid()}.tmp"
    try:
        os.makedirs(hidden, PRIVATE_DIR)
        count = _unpack(hidden)
        if not os.path.isdir(folder):
            os.rename(hidden, folder)
        journal.sync_folder(os.path.dirname(folder))
        word = f"done {count}"
    except (OSError, tarfile.TarError, EOFError, Unsafe) as error:
        word = f"no {error}".replace("\n", " ")
    finally:
        shutil.rmtree(hidden, ignore_errors=True)
    os.write(1, MAGIC + word.encode("utf-8", "replace") + b"\n")
    return 0


def _unpack(hidden: str) -> int:
    count = 0
    with tarfile.open(fileobj=sys.stdin.buffer, mode="r|gz") as archive:
        for entry in archive:
            source = archive.extractfile(entry) if entry.isreg() else None
            if source is None:
                continue
            path = inside(hidden, entry.name)
            os.makedirs(os.path.dirname(path), PRIVATE_DIR, exist_ok=True)
            mode = 0o700 if entry.mode & 0o100 else 0o600
            fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode)
            with os.fdopen(fd, "wb") as file:
                shutil.copyfileobj(source, file, 1 << 20)
            count += 1
    return count


def inside(folder: str, name: str) -> str:
    """The path of a name from outside; never above the folder."""
    parts = name.split("/")
    if os.path.isabs(name) or ".." in parts or "" in parts or "\0" in name:
        raise Unsafe(f"the name {name!r} leads out of the folder")
    return os.path.join(folder, *parts)
