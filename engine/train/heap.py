"""Memory that a step frees is kept for the next one: on a CPU, glibc would hand it back and pay for every page anew.

Standard library alone, and without effect where there is no glibc. What lies above `LARGEST` still goes back.
"""

from __future__ import annotations

import ctypes
import sys

TRIM_THRESHOLD, MMAP_THRESHOLD = -1, -3
"""The names of <malloc.h>."""
LARGEST = 2**25
"""Bytes; glibc takes no more."""


def keep_freed() -> bool:
    """Whether it could be arranged."""
    arrange = getattr(ctypes.CDLL(None), "mallopt", None) if sys.platform == "linux" else None
    if arrange is None:
        return False
    return bool(arrange(TRIM_THRESHOLD, 2**31 - 1) and arrange(MMAP_THRESHOLD, LARGEST))
