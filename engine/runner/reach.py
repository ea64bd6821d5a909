"""Whom a signal may reach: the trainer's own session and what descends from it, each process checked at that moment.

The descendants, because launchers give every worker a session of its own. A process that was once seen in the family
stays in it when its parent dies. Of an old session whose leader is gone, only those count that were seen before or
carry the run's name in the environment they were started with: a session's number can be given away again.
"""

from __future__ import annotations

import signal

from engine import procs
from engine.identity import Identity
from engine.procs import Stat

SHELLS = frozenset(("sh", "bash", "dash", "ash", "zsh", "ksh", "fish", "busybox"))
"""They wait for a command and do not pass a signal on to it."""
FOLLOWERS = frozenset(("tee",))
"""They end with their input; ended before, they break the pipe of a trainer that still has to say what it saved."""


class Reach:
    """The family of one trainer of one run. Where there is no /proc it is the trainer alone."""

    def __init__(self, leader: Identity, run: str) -> None:
        self._leader = leader
        self._mark = b"COCKPIT_RUN=" + run.encode()
        self._known: dict[int, int] = {}

    def members(self) -> list[Stat]:
        """Everybody of the family who lives now."""
        if self._leader.boot != procs.boot_id():
            return []
        seen = {found.pid: found for found in procs.everything()}
        self._known = {
            pid: start
            for pid, start in self._known.items()
            if pid in seen and seen[pid].start == start
        }
        found = [one for one in seen.values() if self._belongs(one, seen)]
        self._known.update((one.pid, one.start) for one in found)
        return [one for one in found if one.state not in ("Z", "X")]

    def send(self, number: int, heads_only: bool = False) -> list[int]:
        """To all, or those who pass it on or act on it themselves; returns whom it reached."""
        family = self.members()
        chosen = heads(family) if heads_only else family
        reached = [one.pid for one in chosen if self._send(one, number)]
        if not procs.visible() and procs.signal(self._leader, number):
            reached = [self._leader.pid]
        return reached

    def wake(self) -> None:
        """A stopped process hears of a signal when it goes on."""
        for one in self.members():
            if one.state == "T":
                self._send(one, signal.SIGCONT)

    def _send(self, one: Stat, number: int) -> bool:
        try:
            return procs.signal(Identity(one.pid, one.start, self._leader.boot), number)
        except PermissionError:
            return False  # it became another user's, by sudo for example

    def _belongs(self, one: Stat, seen: dict[int, Stat]) -> bool:
        """Walks up to someone who belongs by themselves; who is older than the trainer is no child of it."""
        walked: set[int] = set()
        while one.pid not in walked and one.start >= self._leader.start:
            if self._by_itself(one, seen):
                return True
            walked.add(one.pid)
            one = seen.get(one.parent, one)
        return False

    def _by_itself(self, one: Stat, seen: dict[int, Stat]) -> bool:
        if self._known.get(one.pid) == one.start:
            return True
        leader = seen.get(self._leader.pid)
        if leader is not None and leader.start == self._leader.start:
            # One that was adopted may be no leader of a session: then it is itself, and what descends from it.
            return self._leader.pid in (one.pid, one.session)
        if leader is not None or one.session != self._leader.pid:
            return False
        return self._mark in procs.environment(one.pid)


def heads(family: list[Stat]) -> list[Stat]:
    """Who is asked to end: the topmost, and where that is a shell, also what the shell runs.

    Not everybody: a data loader's worker that ends by itself makes its trainer fail before it has saved.
    """
    pids = {one.pid for one in family}
    chosen = [one for one in family if one.parent not in pids]
    for one in chosen:
        if one.name in SHELLS:
            chosen += [child for child in family if child.parent == one.pid]
    return [one for one in chosen if one.name not in FOLLOWERS]
