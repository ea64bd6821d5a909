"""Errors that a user can cause, each with what happened, what to do next, and the exit status.

    Problem ── Unusable   2   usage, profile or preflight
            ├─ Unknown    3   lost, host unreachable, state unknown
            └─ NotFound   4

Only the command line turns them into words and a status. A bug is never one of these.
"""

from __future__ import annotations


class Problem(Exception):
    """Something the user can act on. `fix` is the next step in words."""

    status = 1

    def __init__(self, message: str, fix: str | None = None) -> None:
        super().__init__(message)
        self.fix = fix


class Unusable(Problem):
    """What was asked cannot be done as it was asked."""

    status = 2


class Unknown(Problem):
    """The truth cannot be reached from here."""

    status = 3


class NotFound(Problem):
    """There is no such run, checkpoint or topic."""

    status = 4
