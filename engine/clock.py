"""One clock for one run: what a machine wrote is moved to the user's clock by the measured offset.

Durations never come from here; they use one machine's monotonic clock.
"""

from __future__ import annotations

from engine.scalars import KeeperFacts


def ahead_s(keeper: KeeperFacts, attempt: int) -> float:
    """Seconds that the clock of an attempt's machine is ahead of the user's; 0 where nobody measured."""
    opening = keeper.opening(attempt)
    for measured in reversed(keeper.clocks if opening else ()):
        if opening and measured.machine == opening.machine:
            return measured.offset_s
    return 0.0
