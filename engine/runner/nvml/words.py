"""The words for NVML's numbers. Pure; imports nothing, because the probe lives in it."""

from __future__ import annotations

OK = "ok"

# Words for a whole machine that cannot be read.
NO_LIBRARY = "no_library"
NO_DRIVER = "no_driver"
MISMATCH = "mismatch"
HUNG = "hung"
CRASHED = "crashed"

TOO_SMALL = 7
MISSING_SYMBOL = 13

# Errors that say something about the GPU. Every other error says that one sensor has no value.
REFUSALS = {15: "lost", 16: "reset_required", 17: "blocked", 18: MISMATCH}

# Errors after which no call on any GPU can succeed.
ENDINGS = {1: "uninitialized", 9: NO_DRIVER}

OTHERS = {4: "no_permission", 12: NO_LIBRARY}

THROTTLES = (
    (0x1, "idle"),
    (0x2, "app_clocks"),
    (0x4, "power_cap"),
    (0x8, "hw_slowdown"),
    (0x10, "sync_boost"),
    (0x20, "sw_thermal"),
    (0x40, "hw_thermal"),
    (0x80, "power_brake"),
    (0x100, "display_clocks"),
    (0x200, "board_limit"),
    (0x400, "reliability"),
)


def word(code: int) -> str:
    """The word for an error; one without a name keeps its number."""
    return REFUSALS.get(code) or ENDINGS.get(code) or OTHERS.get(code) or f"error_{code}"


def throttles(mask: int | None) -> tuple[str, ...] | None:
    """The reasons in a bitmask; bits that have no name yet are kept as a number."""
    if mask is None:
        return None
    named = [word for bit, word in THROTTLES if mask & bit]
    rest = mask & ~sum(bit for bit, _ in THROTTLES)
    return tuple(named + ([hex(rest)] if rest else []))
