from __future__ import annotations

import subprocess
import sys
import time
from dataclasses import astuple
from pathlib import Path

import pytest

from engine.runner.family import Family
from engine.runner.host import Host, HostReading

GIB = 1 << 30

NET = """Inter-|   Receive                                                |  Transmit
 face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs
    lo: {noise} 1 0 0 0 0 0 0 {noise} 1 0 0 0 0 0 0
  eth0:{rx} 1 0 0 0 0 0 0 {tx} 1 0 0 0 0 0 0
docker0: {noise} 1 0 0 0 0 0 0 {noise} 1 0 0 0 0 0 0
"""
DISKS = """ 259 0 nvme0n1 1 0 {read} 1 1 0 {written} 1 0 1 1
 259 1 nvme0n1p1 1 0 {read} 1 1 0 {written} 1 0 1 1
 253 0 dm-0 1 0 {read} 1 1 0 {written} 1 0 1 1
"""


class Machine:
    """Folders that look like /proc and /sys."""

    def __init__(self, folder: Path) -> None:
        self.proc, self.sys = folder / "proc", folder / "sys"
        (self.proc / "net").mkdir(parents=True)
        (self.proc / "self").mkdir()
        (self.sys / "block" / "nvme0n1").mkdir(parents=True)
        (self.sys / "block" / "dm-0").mkdir()
        self.meminfo()

    def meminfo(self) -> None:
        text = f"MemTotal: {64 * GIB >> 10} kB\nMemFree: 1 kB\nMemAvailable: {40 * GIB >> 10} kB\n"
        (self.proc / "meminfo").write_text(text)

    def cpu(self, busy: int, idle: int) -> None:
        (self.proc / "stat").write_text(f"cpu  {busy} 0 0 {idle} 5 0 0 0 0 0\ncpu0 1 2 3 4\n")

    def traffic(self, rx: int, tx: int, noise: int = 0) -> None:
        (self.proc / "net" / "dev").write_text(NET.format(rx=rx, tx=tx, noise=noise))

    def disk(self, read: int, written: int) -> None:
        (self.proc / "diskstats").write_text(DISKS.format(read=read, written=written))

    def limit(self, folder: Path, limit: int, used: int) -> None:
        folder.mkdir()
        (self.proc / "self" / "cgroup").write_text("0::/\n")
        mount = f"30 25 0:26 / {folder} rw - cgroup2 cgroup2 rw\n"
        (self.proc / "self" / "mountinfo").write_text(mount)
        (folder / "memory.max").write_text(str(limit))
        (folder / "memory.current").write_text(str(used))
        (folder / "cpu.max").write_text("200000 100000")

    def host(self) -> Host:
        return Host(str(self.proc), str(self.sys))


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def test_rates_are_between_two_readings(machine: Machine) -> None:
    host = machine.host()
    machine.cpu(100, 100)
    machine.traffic(1000, 2000, 7)
    machine.disk(10, 20)
    first = host.read(50.0, None)
    assert (first.cpu_pct, first.rx_bps, first.read_bps) == (None, None, None)
    machine.cpu(400, 200)
    machine.traffic(1000 + 5 * 300, 2000 + 5 * 400, 10**9)
    machine.disk(10 + 5 * 2, 20 + 5 * 4)
    second = host.read(55.0, None)
    assert second.cpu_pct == 75.0
    assert (second.rx_bps, second.tx_bps) == (300.0, 400.0), "without inner interfaces"
    assert (second.read_bps, second.write_bps) == (1024.0, 2048.0), "each disk once"


def test_a_counter_that_goes_back_has_no_rate(machine: Machine) -> None:
    host = machine.host()
    machine.traffic(1000, 1000)
    machine.cpu(100, 100)
    host.read(50.0, None)
    machine.traffic(10, 2000)
    machine.cpu(90, 90)
    second = host.read(51.0, None)
    assert (second.rx_bps, second.tx_bps, second.cpu_pct) == (None, 1000.0, None)
    assert host.read(51.0, None).tx_bps is None, "no time has passed"


def test_memory_is_the_machines(machine: Machine) -> None:
    reading = machine.host().read(0.0, None)
    assert (reading.ram_total, reading.ram_used, reading.ram_available) == (
        64 * GIB,
        24 * GIB,
        40 * GIB,
    )


def test_memory_and_cpu_are_the_control_groups_where_it_limits(
    machine: Machine, tmp_path: Path
) -> None:
    group = tmp_path / "cgroup"
    machine.limit(group, 8 * GIB, 3 * GIB)
    host = machine.host()
    (group / "cpu.stat").write_text("usage_usec 1000000\n")
    reading = host.read(10.0, None)
    assert (reading.ram_total, reading.ram_used, reading.ram_available) == (
        8 * GIB,
        3 * GIB,
        5 * GIB,
    )
    (group / "cpu.stat").write_text("usage_usec 6000000\n")
    reading = host.read(15.0, None)
    assert (reading.quota_cores, reading.quota_pct) == (2.0, 50.0)


def test_a_system_without_proc_tells_its_load_alone() -> None:
    host = Host("/nonexistent", "/nonexistent")
    host.read(0.0, Family(1, "/nonexistent"))
    reading = host.read(5.0, Family(1, "/nonexistent"))
    assert reading == HostReading(load_1m=reading.load_1m, tree_processes=0)


@pytest.mark.parametrize("text", ["", "cpu", "cpu a b c d e", "\0\0", "eth0: x y\n", "1 2 3\n"])
def test_files_that_make_no_sense_have_no_value(machine: Machine, text: str) -> None:
    for name in ("stat", "meminfo", "net/dev", "diskstats"):
        (machine.proc / name).write_text(text)
    host = machine.host()
    host.read(0.0, None)
    reading = host.read(5.0, None)
    assert (reading.cpu_pct, reading.ram_total, reading.ram_used) == (None, None, None)


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="needs /proc")
def test_the_trainers_own_cpu_and_memory_are_seen() -> None:
    busy = "import sys; pages = bytearray(50 << 20); print(flush=True)\nwhile True: pass"
    trainer = subprocess.Popen(
        [sys.executable, "-c", busy], stdout=subprocess.PIPE, start_new_session=True
    )
    try:
        assert trainer.stdout and trainer.stdout.readline()
        host, family = Host(), Family(trainer.pid)
        host.read(0.0, family)
        while family.members()[trainer.pid].cpu < 30:  # ticks
            time.sleep(0.02)
        reading = host.read(1.0, family)
    finally:
        trainer.kill()
        trainer.wait()
    assert reading.tree_processes == 1
    assert reading.tree_rss and reading.tree_rss > 50 << 20
    assert reading.tree_cpu_pct and reading.tree_cpu_pct > 0
    assert reading.ram_used and reading.ram_total and reading.ram_used < reading.ram_total
    assert len(astuple(reading)) == len(astuple(HostReading()))
