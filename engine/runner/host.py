"""The machine around the trainer: CPU, memory, network, disk traffic, and the trainer's share.

Read from /proc; a system without it tells the load alone. Rates need two readings: the first has
none. Where a control group limits CPU or memory, its numbers are the ones that matter and are
given.
"""

from __future__ import annotations

import os
from dataclasses import dataclass

from engine.runner import kernel
from engine.runner.cgroup import Groups
from engine.runner.disks import DiskReading
from engine.runner.family import Family, Member

SECTOR = 512  # bytes, in /proc/diskstats whatever the disk's own size is
# Traffic through these is counted again on the interface or disk that carries it.
INNER_INTERFACES = ("lo", "veth", "docker", "br-", "virbr", "cni", "flannel", "tun", "tap")
INNER_DISKS = ("loop", "ram", "zram", "dm-", "md", "sr")


@dataclass(frozen=True)
class HostReading:
    """None: the system does not tell. Sizes in bytes, rates in bytes per second."""

    cpu_pct: float | None = None  # of the whole machine
    quota_cores: float | None = None  # that the control group allows
    quota_pct: float | None = None  # of that quota
    load_1m: float | None = None
    ram_total: int | None = None  # the control group's limit where that is less
    ram_used: int | None = None
    ram_available: int | None = None
    tree_cpu_pct: float | None = None  # the trainer's processes; 100 is one core
    tree_rss: int | None = None  # memory they share is counted in each
    tree_processes: int | None = None
    rx_bps: float | None = None
    tx_bps: float | None = None
    read_bps: float | None = None
    write_bps: float | None = None
    disks: tuple[DiskReading, ...] = ()


@dataclass(frozen=True)
class Counters:
    """What only grows, at one moment of a monotonic clock."""

    at: float
    cpu: tuple[int, int] | None  # busy and all ticks
    quota_s: float | None
    network: tuple[int, int] | None  # received and sent bytes
    disk: tuple[int, int] | None  # read and written bytes
    family: dict[int, Member]


class Host:
    """Reads the machine; remembers the counters of the reading before."""

    def __init__(self, proc: str = "/proc", sys: str = "/sys") -> None:
        self._proc, self._sys = proc, sys
        self._groups = Groups("self", proc)
        self._disks: dict[str, bool] = {}
        self._before: Counters | None = None

    def read(self, now: float, family: Family | None) -> HostReading:
        """The machine now, and the trainer's family on it."""
        members = family.members() if family else {}
        quota = self._groups.cpu()
        counters = Counters(
            now,
            self._cpu(),
            quota.used_s if quota else None,
            self._network(),
            self._disk(),
            members,
        )
        before, self._before = self._before, counters
        total, used, available = self._memory()
        seconds = now - before.at if before else 0.0
        rx, tx = _rates(before.network if before else None, counters.network, seconds)
        read, written = _rates(before.disk if before else None, counters.disk, seconds)
        return HostReading(
            cpu_pct=_percent(before, counters),
            quota_cores=quota.cores if quota else None,
            quota_pct=_quota_percent(before, counters, quota.cores if quota else None),
            load_1m=_load(),
            ram_total=total,
            ram_used=used,
            ram_available=available,
            tree_cpu_pct=_family_percent(before, counters) if members else None,
            tree_rss=sum(one.rss for one in members.values()) * _page() if members else None,
            tree_processes=len(members) if family else None,
            rx_bps=rx,
            tx_bps=tx,
            read_bps=read,
            write_bps=written,
        )

    def _cpu(self) -> tuple[int, int] | None:
        """Busy and all ticks. Guests' time is in the user's already; iowait is idle."""
        line = (kernel.read(os.path.join(self._proc, "stat")) or "").split("\n", 1)[0].split()
        ticks = kernel.integers(line[1:9])
        if len(ticks) < 5:
            return None
        return sum(ticks) - ticks[3] - ticks[4], sum(ticks)

    def _memory(self) -> tuple[int | None, int | None, int | None]:
        """Total, used and available bytes."""
        table = kernel.table(os.path.join(self._proc, "meminfo"))
        total, available = (
            table[name] * 1024 if name in table else None for name in ("MemTotal", "MemAvailable")
        )
        group = self._groups.memory(total)
        if group and group.used is not None:
            free = max(0, group.limit - group.used)
            return group.limit, group.used, free if available is None else min(free, available)
        used = None if total is None or available is None else total - available
        return total, used, available

    def _network(self) -> tuple[int, int] | None:
        text = kernel.read(os.path.join(self._proc, "net", "dev"))
        if text is None:
            return None
        received = sent = 0
        for line in text.splitlines():
            name, colon, rest = line.partition(":")
            counts = kernel.integers(rest.split())
            if colon and len(counts) >= 9 and not name.strip().startswith(INNER_INTERFACES):
                received, sent = received + counts[0], sent + counts[8]
        return received, sent

    def _disk(self) -> tuple[int, int] | None:
        text = kernel.read(os.path.join(self._proc, "diskstats"))
        if text is None:
            return None
        read = written = 0
        for line in text.splitlines():
            fields = line.split()
            counts = kernel.integers(fields[3:])
            if len(counts) >= 7 and self._whole_disk(fields[2]):
                read, written = read + counts[2], written + counts[6]
        return read * SECTOR, written * SECTOR

    def _whole_disk(self, name: str) -> bool:
        """A disk, not one of its partitions, whose traffic is the disk's too."""
        if name not in self._disks:
            folder = os.path.join(self._sys, "block", name)
            self._disks[name] = not name.startswith(INNER_DISKS) and os.path.isdir(folder)
        return self._disks[name]


def _percent(before: Counters | None, now: Counters) -> float | None:
    if before is None or before.cpu is None or now.cpu is None or now.cpu[1] <= before.cpu[1]:
        return None
    share = (now.cpu[0] - before.cpu[0]) / (now.cpu[1] - before.cpu[1])
    return 100 * min(1.0, max(0.0, share))


def _quota_percent(before: Counters | None, now: Counters, cores: float | None) -> float | None:
    if before is None or not cores:
        return None
    used = _rate(before.quota_s, now.quota_s, now.at - before.at)
    return None if used is None else 100 * used / cores


def _family_percent(before: Counters | None, now: Counters) -> float | None:
    """CPU time that living members used since the last reading; one that is new used all of its."""
    if before is None or now.at <= before.at:
        return None
    ticks = 0
    for pid, member in now.family.items():
        last = before.family.get(pid)
        same = last is not None and last.start == member.start
        ticks += member.cpu - (last.cpu if last and same else 0)
    return 100 * ticks / os.sysconf("SC_CLK_TCK") / (now.at - before.at)


def _rates(
    old: tuple[int, int] | None, new: tuple[int, int] | None, seconds: float
) -> tuple[float | None, float | None]:
    if old is None or new is None:
        return None, None
    return _rate(old[0], new[0], seconds), _rate(old[1], new[1], seconds)


def _rate(old: float | None, new: float | None, seconds: float) -> float | None:
    """Per second; None for a counter that went back, which happens when a device goes away."""
    if old is None or new is None or new < old or seconds <= 0:
        return None
    return (new - old) / seconds


def _load() -> float | None:
    try:
        return os.getloadavg()[0]
    except (OSError, AttributeError):
        return None


def _page() -> int:
    return os.sysconf("SC_PAGE_SIZE")
