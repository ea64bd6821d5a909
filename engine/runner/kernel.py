"""Small files of /proc and /sys. What is not there, or not ours to read, is None."""

from __future__ import annotations

import os
from typing import Sequence


def read(path: str) -> str | None:
    """A file's text, up to 1 MiB; kernel files tell no size beforehand."""
    data = read_bytes(path)
    return None if data is None else data.decode("utf-8", "backslashreplace")


def read_bytes(path: str) -> bytes | None:
    try:
        file = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except (OSError, ValueError):
        return None
    try:
        data = piece = os.read(file, 65536)
        while piece and len(data) < 1 << 20:
            piece = os.read(file, 65536)
            data += piece
        return data
    except OSError:
        return None
    finally:
        os.close(file)


def number(path: str) -> int | None:
    """A file that holds one number; "max" is None."""
    return integer(read(path))


def integer(text: str | None) -> int | None:
    try:
        return int(text) if text else None
    except ValueError:
        return None


def integers(words: Sequence[str]) -> list[int]:
    """All words as numbers; nothing when one is none."""
    try:
        return [int(word) for word in words]
    except ValueError:
        return []


def table(path: str) -> dict[str, int]:
    """A file of lines `name number`, with or without a colon and a unit."""
    rows: dict[str, int] = {}
    for line in (read(path) or "").splitlines():
        words = line.split()
        value = integer(words[1]) if len(words) > 1 else None
        if value is not None:
            rows[words[0].rstrip(":")] = value
    return rows
