"""Freed memory goes back to the system. The allocator keeps what a long reading left, in each thread's own heap."""

from __future__ import annotations

import ctypes


def give_back() -> bool:
    """False: this system's allocator knows no such thing, and needs none."""
    try:
        return bool(ctypes.CDLL(None).malloc_trim(0))
    except (OSError, AttributeError):
        return False
