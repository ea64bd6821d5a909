"""The trainer's processes: who they are, what they use, which rank each one is.

A process belongs to the family when it is in the trainer's session or descends from the trainer,
and stays in it when its parent dies. Found from /proc; without it there is no family.
"""

from __future__ import annotations

import os
from dataclasses import dataclass

from engine.runner import kernel

# The inode number of the machine's own process namespace (PROC_PID_INIT_INO in the kernel).
MACHINE_NAMESPACE = "pid:[4026531836]"
FULL_SCAN_EVERY = 12  # scans; in between, strangers are not looked at again


@dataclass(frozen=True)
class Member:
    """One process. `start` and `cpu` in clock ticks, `rss` in pages."""

    pid: int
    parent: int
    session: int
    start: int
    cpu: int
    rss: int


class Family:
    """The trainer's family, looked at again and again at the cost of its own size."""

    def __init__(self, trainer: int, proc: str = "/proc") -> None:
        self.trainer = trainer
        self._proc = proc
        self._members: dict[int, Member] = {}
        self._strangers: set[int] = set()
        self._ranks: dict[int, int | None] = {}
        self._scans = 0

    def members(self) -> dict[int, Member]:
        """Everybody alive now, by pid."""
        if self._scans % FULL_SCAN_EVERY == 0:
            self._strangers.clear()
        self._scans += 1
        pids = self._pids()
        self._strangers &= pids
        seen = {}
        for pid in pids - self._strangers:
            member = stat(pid, self._proc)
            if member:
                seen[pid] = member
        family = {pid: one for pid, one in seen.items() if self._belongs(one, seen)}
        self._strangers |= seen.keys() - family.keys()
        self._forget_changed(family)
        self._members = family
        return family

    def has(self, pid: int) -> bool:
        """Whether it was one of the family when that was last looked at."""
        return pid in self._members

    def rank(self, pid: int) -> int | None:
        """RANK, else LOCAL_RANK, of a member's environment as it was started."""
        if pid not in self._ranks:
            raw = kernel.read_bytes(os.path.join(self._proc, str(pid), "environ")) or b""
            pairs = dict(entry.split(b"=", 1) for entry in raw.split(b"\0") if b"=" in entry)
            rank = pairs.get(b"RANK", pairs.get(b"LOCAL_RANK", b""))
            self._ranks[pid] = int(rank) if rank.isdigit() and len(rank) < 10 else None
        return self._ranks[pid]

    def numbered_by_driver(self) -> bool:
        """Whether the driver's process numbers are ours. In a container they are the host's."""
        try:
            return os.readlink(os.path.join(self._proc, "self", "ns", "pid")) == MACHINE_NAMESPACE
        except OSError:
            return False

    def _pids(self) -> set[int]:
        try:
            return {int(name) for name in os.listdir(self._proc) if name.isdigit()}
        except OSError:
            return set()

    def _belongs(self, one: Member, seen: dict[int, Member]) -> bool:
        walked: list[int] = []
        while one.pid not in walked:
            before = self._members.get(one.pid)
            known = before is not None and before.start == one.start
            if known or self.trainer in (one.pid, one.session):
                return True
            walked.append(one.pid)
            one = seen.get(one.parent, one)
        return False

    def _forget_changed(self, family: dict[int, Member]) -> None:
        """A number that stands for another process now has another rank."""
        for pid in list(self._ranks):
            before, now = self._members.get(pid), family.get(pid)
            if before is None or now is None or before.start != now.start:
                del self._ranks[pid]


def stat(pid: int, proc: str = "/proc") -> Member | None:
    """A living process from /proc/<pid>/stat; its name may hold anything, parentheses too."""
    text = kernel.read(os.path.join(proc, str(pid), "stat")) or ""
    state, *words = text[text.rfind(")") + 1 :].split() or [""]
    fields = kernel.integers(words[:21])
    if len(fields) < 21 or state in ("Z", "X"):
        return None
    parent, session, start, rss = fields[0], fields[2], fields[18], fields[20]
    return Member(pid, parent, session, start, fields[10] + fields[11], rss)
