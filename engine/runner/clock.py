"""The two clocks: Unix time says when something happened, the machine's own clock how long it took.

Only the second one decides anything; the first can be set to any value at any moment.
"""

from __future__ import annotations

import os
import time

from engine import procs
from engine.identity import Identity

_TICKS = os.sysconf("SC_CLK_TCK") if hasattr(os, "sysconf") else 100
_SINCE_BOOT = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)


def wall() -> float:
    """Unix seconds."""
    return time.time()


def steady() -> float:
    """Seconds since boot, suspended time counted, the clock in which the kernel tells when a process started."""
    return time.clock_gettime(_SINCE_BOOT)


def began(trainer: Identity) -> float | None:
    """When it started, in Unix seconds; None where that is not known, or was before the last boot."""
    if not trainer.start or trainer.boot != procs.boot_id():
        return None
    return wall() - (steady() - trainer.start / _TICKS)


def up_s(trainer: Identity, met: float) -> float:
    """Seconds since the trainer started; since it was met, on the steady clock, where its start is unknown."""
    began = trainer.start / _TICKS if trainer.start else met
    return max(0.0, steady() - began)
