"""Freed memory goes back to the system: what is watched for days must not grow by what it only read, and must not stop
to look for what it could free.
"""

from __future__ import annotations

import ctypes
import gc

ARENA_MAX, MMAP_THRESHOLD = -8, -3
"""Of the C library's mallopt: heaps, which each thread otherwise has of its own; bytes from which a piece is mapped."""
LARGE = 256 << 10


def bound() -> None:
    """One heap for all threads, and large arrays outside of it, so that each is given back when it is freed."""
    for option, value in ((ARENA_MAX, 1), (MMAP_THRESHOLD, LARGE)):
        _called("mallopt", option, value)


def give_back() -> None:
    """What lies free in the heap after much was read."""
    _called("malloc_trim", 0)


def _called(name: str, *values: int) -> None:
    """Where the allocator knows no such thing, it is left as it is."""
    try:
        getattr(ctypes.CDLL(None), name)(*values)
    except (OSError, AttributeError):
        return


def settle() -> None:
    """The program is up, and what it is made of stays: to look all of it through for garbage stops it for 50 ms."""
    gc.freeze()
