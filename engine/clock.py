"""One clock for one run: what a machine wrote is moved to the user's clock by the measured offset.

Durations never come from here; they use one machine's monotonic clock.
"""

from __future__ import annotations

from engine.scalars import KeeperFacts
from engine.view import AttemptView


def ahead_s(keeper: KeeperFacts, machine: str | None) -> float:
    """Seconds that this machine's clock is ahead of the user's; 0 where nobody measured."""
    for measured in reversed(keeper.clocks):
        if measured.machine == machine:
            return measured.offset_s
    return 0.0


def attempt_ahead_s(keeper: KeeperFacts, attempt: AttemptView) -> float:
    """The same for the machine that an attempt runs on."""
    return ahead_s(keeper, attempt.opening.machine)
