"""The pulse: every few seconds, what the GPUs and the machine are doing, as one small fact.

`Pulse.tick` is called from the runner's loop and never waits: it opens a pulse when one is due,
takes what was answered meanwhile, and gives the facts back when all have answered or two seconds
have passed. Values of what has not answered are given with their age. It writes nothing and
judges nothing.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import Any, Sequence

from engine.runner.disks import Disks
from engine.runner.family import Family
from engine.runner.host import Host, HostReading
from engine.runner.nvml.gpus import Gpus, Pace
from engine.runner.nvml.reading import GpuProcess, GpuReading, GpusFound, mib, whole
from engine.runner.nvml.words import OK

LONGEST_S = 2.0  # from opening a pulse to telling it
TICK_S = 0.05  # how soon to look again while a pulse is open


@dataclass(frozen=True)
class PulseReading:
    """The machine at one moment. As the event `pulsed`, short because there are so many:

    `host`, an object; a key is absent where there is no value:
      cpu      % of the machine            quota    % of the control group's CPU quota
      load     load over one minute        ram      [used, total] MiB         free  MiB available
      tree     the trainer's processes: [CPU % (100 is one core), MiB, number of processes]
      net      [received, sent] KiB/s      io       [read, written] KiB/s
      disks    [[path, MiB free, MiB in all], …]
    `gpus`, absent where there are none: columns of equal length, null where a sensor has no value;
    a column without any value is absent:
      i        index                       util     % busy            umem     % memory traffic
      mem      MiB used                    temp     °C                watt     W
      sm, mclk clocks in MHz               thr      throttle reasons joined by "+", "" for none
      state    absent when all are "ok"    age      s since it was read, null: in this pulse
    `procs`, absent where the GPUs tell none: [[GPU's index, pid, MiB, rank, 1 ours or 0 not], …].
    """

    t: float
    host: HostReading
    gpus: tuple[GpuReading, ...]

    def as_event(self) -> dict[str, Any]:
        event: dict[str, Any] = {"e": "pulsed", "t": round(self.t, 3), "host": _host(self.host)}
        if self.gpus:
            event["gpus"] = _columns(self.gpus)
        rows = [
            [
                gpu.index,
                one.pid,
                mib(one.mem_used),
                one.rank,
                None if one.ours is None else int(one.ours),
            ]
            for gpu in self.gpus
            for one in gpu.processes or ()
        ]
        if rows:
            event["procs"] = rows
        return event


class Pulse:
    """Composes the GPUs', the disks' and the host's readings at a steady pace."""

    def __init__(
        self,
        every_s: float = 5.0,
        paths: Sequence[str] = (),
        pace: Pace | None = None,
        proc: str = "/proc",
    ) -> None:
        self._every_s = every_s
        self._proc = proc
        self._gpus = Gpus(pace)
        self._host = Host(proc)
        self._disks = Disks(paths)
        self._family: Family | None = None
        self._opened: float | None = None  # when the pulse that is open was opened
        self._due = time.monotonic()
        self._found: GpusFound | None = None

    def follow(self, trainer: int | None) -> None:
        """Whose processes to look at: the trainer's pid, None when there is none."""
        self._family = None if trainer is None else Family(trainer, self._proc)

    def tick(self) -> list[GpusFound | PulseReading]:
        """What is to be told now; mostly nothing."""
        now = time.monotonic()
        if self._opened is None and now >= self._due:
            self._opened, self._due = now, max(self._due + self._every_s, now)
            self._gpus.begin(now)
            self._disks.ask()
        answered = self._gpus.poll(now) and self._disks.answered()
        if self._opened is None or not (answered or now - self._opened >= LONGEST_S):
            return []
        self._opened = None
        return self._told(now, time.time())

    def wait_s(self) -> float:
        """How long the runner's loop may sleep before the next tick."""
        if self._opened is not None:
            return TICK_S
        return max(0.0, self._due - time.monotonic())

    def close(self) -> None:
        """End the probe."""
        self._gpus.close()

    def _told(self, now: float, t: float) -> list[GpusFound | PulseReading]:
        host = replace(self._host.read(now, self._family), disks=self._disks.readings())
        gpus = tuple(self._placed(gpu) for gpu in self._gpus.readings(now))
        told: list[GpusFound | PulseReading] = []
        found = self._gpus.found(t)
        if found and (self._found is None or replace(found, t=self._found.t) != self._found):
            self._found = found
            told.append(found)
        return [*told, PulseReading(t, host, gpus)]

    def _placed(self, gpu: GpuReading) -> GpuReading:
        """With the trainer's processes marked, where the driver numbers them as we do."""
        if not gpu.processes or not self._family or not self._family.numbered_by_driver():
            return gpu
        placed = tuple(self._marked(one, self._family) for one in gpu.processes)
        return replace(gpu, processes=placed)

    def _marked(self, one: GpuProcess, family: Family) -> GpuProcess:
        ours = family.has(one.pid)
        return replace(one, ours=ours, rank=family.rank(one.pid) if ours else None)


def _host(host: HostReading) -> dict[str, Any]:
    fields = {
        "cpu": whole(host.cpu_pct),
        "quota": whole(host.quota_pct),
        "load": None if host.load_1m is None else round(host.load_1m, 1),
        "ram": _some(mib(host.ram_used), mib(host.ram_total)),
        "free": mib(host.ram_available),
        "tree": _some(whole(host.tree_cpu_pct), mib(host.tree_rss), host.tree_processes),
        "net": _some(_kib(host.rx_bps), _kib(host.tx_bps)),
        "io": _some(_kib(host.read_bps), _kib(host.write_bps)),
        "disks": [[disk.path, mib(disk.free), mib(disk.total)] for disk in host.disks] or None,
    }
    return {key: value for key, value in fields.items() if value is not None}


def _columns(gpus: Sequence[GpuReading]) -> dict[str, list[Any]]:
    columns: dict[str, list[Any]] = {
        "i": [gpu.index for gpu in gpus],
        "util": [gpu.util_gpu for gpu in gpus],
        "umem": [gpu.util_mem for gpu in gpus],
        "mem": [mib(gpu.mem_used) for gpu in gpus],
        "temp": [gpu.temp_c for gpu in gpus],
        "watt": [whole(gpu.power_w) for gpu in gpus],
        "sm": [gpu.sm_mhz for gpu in gpus],
        "mclk": [gpu.mem_mhz for gpu in gpus],
        "thr": [None if gpu.throttle is None else "+".join(gpu.throttle) for gpu in gpus],
        "age": [None if gpu.age_s is None else round(gpu.age_s, 1) for gpu in gpus],
    }
    if any(gpu.state != OK for gpu in gpus):
        columns["state"] = [gpu.state for gpu in gpus]
    return {key: column for key, column in columns.items() if column.count(None) < len(column)}


def _some(*values: int | None) -> list[int | None] | None:
    return list(values) if any(value is not None for value in values) else None


def _kib(rate: float | None) -> int | None:
    return None if rate is None else round(rate / 1024)
