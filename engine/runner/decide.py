"""Whether to start the trainer, adopt it, wait, or record its end: a pure function of what is found.

The one rule that matters: a start is decided only when nothing says that this attempt was ever started and the lock
is in our hands. Everything else follows from what the child and the nurse made durable before they went on.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


@dataclass(frozen=True)
class Evidence:
    """What is on disk and in the process table at one moment."""

    lock_free: bool
    """Nobody of any attempt's family lives; whoever found that out holds the lock now."""
    lock_ours: bool
    """The lock's file names this attempt, whether it is held or not."""
    pid_written: bool
    alive: bool
    """The process named by `trainer.pid` is that very process and no zombie."""
    ended: bool
    """There is an exit record."""
    said: bool
    """The journal tells of a start or of an end of it."""


class Decision(Enum):
    START = "start it"
    ADOPT = "watch the one that lives"
    CLOSE = "its end is on record"
    LOSE = "it is gone and nobody saw it end"
    WAIT = "its nurse is about to write something"
    BLOCKED = "processes of another attempt live"


def decide(found: Evidence) -> Decision:
    """The next step for this attempt."""
    if found.ended:
        return Decision.CLOSE
    if found.alive:
        return Decision.ADOPT
    if not found.lock_free:
        ours = found.lock_ours or found.pid_written
        return Decision.WAIT if ours else Decision.BLOCKED
    if found.pid_written or found.said:
        return Decision.LOSE
    return Decision.START
