"""Limits that a container or a scheduler sets, and the kernel's count of its kills for memory.

Control groups version 1 and 2, mixed too. A limit may stand at any level above the process: the
tightest one counts, and usage is read at the level where it stands.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Iterator

from engine.runner import kernel

UNIFIED = ""  # the name under which the kernel lists version 2


@dataclass(frozen=True)
class Level:
    """A group's folder, the top of its tree, and which version's files lie there."""

    folder: str
    top: str
    v2: bool

    def upwards(self) -> Iterator[str]:
        folder = self.folder
        while True:
            yield folder
            if folder == self.top or len(folder) <= len(self.top):
                return
            folder = os.path.dirname(folder)


@dataclass(frozen=True)
class Memory:
    """Bytes. `used` leaves out file pages that the kernel drops first when memory gets short."""

    limit: int
    used: int | None


@dataclass(frozen=True)
class Cpu:
    """`cores` that the quota allows; `used_s` is the CPU time of the level that has the quota."""

    cores: float
    used_s: float | None


class Groups:
    """The control groups of one process, found once: a process is not moved while it trains."""

    def __init__(self, pid: str = "self", proc: str = "/proc") -> None:
        self._levels = levels(
            kernel.read(os.path.join(proc, pid, "cgroup")) or "",
            kernel.read(os.path.join(proc, "self", "mountinfo")) or "",
        )

    def memory(self, machine: int | None) -> Memory | None:
        """The tightest limit below the machine's own memory; None where there is none."""
        level = self._level("memory")
        if level is None:
            return None
        name = "memory.max" if level.v2 else "memory.limit_in_bytes"
        limits = [(kernel.number(os.path.join(at, name)), at) for at in level.upwards()]
        tight = [(limit, at) for limit, at in limits if limit is not None]
        if not tight or (machine is not None and min(tight)[0] >= machine):
            return None
        limit, folder = min(tight)
        return Memory(limit, _memory_used(folder, level.v2))

    def cpu(self) -> Cpu | None:
        """The tightest quota of CPU time; None where there is none."""
        level = self._level("cpu")
        if level is None:
            return None
        quotas = [(_quota(at, level.v2), at) for at in level.upwards()]
        tight = [(cores, at) for cores, at in quotas if cores is not None]
        if not tight:
            return None
        cores, folder = min(tight)
        return Cpu(cores, self._cpu_used(folder, level))

    def oom_kills(self) -> int | None:
        """How many of this group's processes the kernel has killed for memory, ever."""
        level = self._level("memory")
        if level is None:
            return None
        name = "memory.events" if level.v2 else "memory.oom_control"
        return kernel.table(os.path.join(level.folder, name)).get("oom_kill")

    def _level(self, controller: str) -> Level | None:
        return self._levels.get(controller) or self._levels.get(UNIFIED)

    def _cpu_used(self, folder: str, level: Level) -> float | None:
        if level.v2:
            used = kernel.table(os.path.join(folder, "cpu.stat")).get("usage_usec")
            return None if used is None else used / 1e6
        account = self._levels.get("cpuacct")
        if account is None:
            return None
        at = os.path.join(account.top, os.path.relpath(folder, level.top))
        used = kernel.number(os.path.join(at, "cpuacct.usage"))
        return None if used is None else used / 1e9


def levels(cgroup: str, mountinfo: str) -> dict[str, Level]:
    """The folder per controller, from /proc/<pid>/cgroup and /proc/self/mountinfo."""
    mounts = list(_mounts(mountinfo))
    found: dict[str, Level] = {}
    for line in cgroup.splitlines():
        parts = line.split(":", 2)
        if len(parts) != 3:
            continue
        _, controllers, path = parts
        for controller in controllers.split(","):
            for names, root, top in mounts:
                if controller in names:
                    found[controller] = Level(_folder(top, root, path), top, controller == UNIFIED)
                    break
    return found


def _mounts(mountinfo: str) -> Iterator[tuple[list[str], str, str]]:
    """The controllers, the root within the hierarchy and the folder of each mounted hierarchy."""
    for line in mountinfo.splitlines():
        left, _, right = line.partition(" - ")
        before, after = left.split(), right.split()
        if len(before) < 5 or len(after) < 3:
            continue
        if after[0] == "cgroup2":
            yield [UNIFIED], before[3], before[4]
        elif after[0] == "cgroup":
            yield after[2].split(","), before[3], before[4]


def _folder(top: str, root: str, path: str) -> str:
    """Where a group's files are; a container sees its own group as the top, whatever its path."""
    below = path[len(root) :] if root != "/" and path.startswith(root) else path
    folder = os.path.normpath(top + "/" + below)
    inside = folder == top or folder.startswith(top + "/")
    return folder if inside and os.path.isdir(folder) else top


def _memory_used(folder: str, v2: bool) -> int | None:
    used = kernel.number(os.path.join(folder, "memory.current" if v2 else "memory.usage_in_bytes"))
    if used is None:
        return None
    stat = kernel.table(os.path.join(folder, "memory.stat"))
    return max(0, used - stat.get("inactive_file" if v2 else "total_inactive_file", 0))


def _quota(folder: str, v2: bool) -> float | None:
    if v2:
        words = (kernel.read(os.path.join(folder, "cpu.max")) or "").split()
        quota, period = (kernel.integer(word) for word in (*words, "", "")[:2])
    else:
        quota = kernel.number(os.path.join(folder, "cpu.cfs_quota_us"))
        period = kernel.number(os.path.join(folder, "cpu.cfs_period_us"))
    return quota / period if quota and period and quota > 0 else None
