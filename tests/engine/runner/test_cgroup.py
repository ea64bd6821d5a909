from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from engine.runner.cgroup import Cpu, Groups, Memory, levels

GIB = 1 << 30
NO_LIMIT = "9223372036854771712"


class Machine:
    """A folder that looks like /proc and the mounted control groups of one process."""

    def __init__(self, folder: Path) -> None:
        self.proc, self.top = folder / "proc", folder / "cgroup"
        (self.proc / "self").mkdir(parents=True)
        self.top.mkdir()

    def group(self, cgroup: str, *mounts: str) -> Groups:
        (self.proc / "self" / "cgroup").write_text(cgroup)
        (self.proc / "self" / "mountinfo").write_text("".join(line + "\n" for line in mounts))
        return Groups("self", str(self.proc))

    def v2(self, path: str = "/user/run", root: str = "/") -> Groups:
        return self.group(f"0::{path}\n", f"30 25 0:26 {root} {self.top} rw - cgroup2 cgroup2 rw")

    def v1(self, path: str = "/docker/abc", root: str = "/") -> Groups:
        mounts = [
            f"3{n} 25 0:2{n} {root} {self.top / name} rw - cgroup cgroup rw,{name}"
            for n, name in enumerate(("memory", "cpu", "cpuacct"))
        ]
        return self.group(f"4:memory:{path}\n3:cpu,cpuacct:{path}\n0::/\n", *mounts)

    def write(self, name: str, text: str) -> None:
        file = self.top / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def test_version_2_limits_usage_and_kills(machine: Machine) -> None:
    machine.write("user/run/memory.max", f"{8 * GIB}\n")
    machine.write("user/run/memory.current", f"{5 * GIB}\n")
    machine.write("user/run/memory.stat", f"anon 7\ninactive_file {2 * GIB}\nactive_file 9\n")
    machine.write("user/run/memory.events", "low 0\nhigh 0\nmax 12\noom 3\noom_kill 2\n")
    machine.write("user/run/cpu.max", "150000 100000\n")
    machine.write("user/run/cpu.stat", "usage_usec 2500000\nuser_usec 1\n")
    groups = machine.v2()
    assert groups.memory(64 * GIB) == Memory(8 * GIB, 3 * GIB)
    assert groups.cpu() == Cpu(1.5, 2.5)
    assert groups.oom_kills() == 2


def test_version_1_limits_usage_and_kills(machine: Machine) -> None:
    machine.write("memory/docker/abc/memory.limit_in_bytes", f"{8 * GIB}\n")
    machine.write("memory/docker/abc/memory.usage_in_bytes", f"{5 * GIB}\n")
    machine.write("memory/docker/abc/memory.stat", f"cache 1\ntotal_inactive_file {GIB}\n")
    machine.write("memory/docker/abc/memory.oom_control", "under_oom 0\noom_kill 1\n")
    machine.write("cpu/docker/abc/cpu.cfs_quota_us", "400000\n")
    machine.write("cpu/docker/abc/cpu.cfs_period_us", "100000\n")
    machine.write("cpuacct/docker/abc/cpuacct.usage", "7000000000\n")
    groups = machine.v1()
    assert groups.memory(64 * GIB) == Memory(8 * GIB, 4 * GIB)
    assert groups.cpu() == Cpu(4.0, 7.0)
    assert groups.oom_kills() == 1


def test_the_tightest_level_counts(machine: Machine) -> None:
    machine.write("memory.max", "max\n")
    machine.write("user/memory.max", f"{4 * GIB}\n")
    machine.write("user/memory.current", f"{2 * GIB}\n")
    machine.write("user/run/memory.max", f"{8 * GIB}\n")
    machine.write("user/run/memory.current", f"{GIB}\n")
    assert machine.v2().memory(64 * GIB) == Memory(4 * GIB, 2 * GIB)


@pytest.mark.parametrize("limit", ["max", NO_LIMIT, str(128 * GIB), "", "nonsense"])
def test_no_limit_is_none(machine: Machine, limit: str) -> None:
    machine.write("user/run/memory.max", limit + "\n")
    machine.write("user/run/cpu.max", "max 100000\n")
    groups = machine.v2()
    assert groups.memory(64 * GIB) is None
    assert groups.cpu() is None


def test_version_1_without_a_quota(machine: Machine) -> None:
    machine.write("cpu/docker/abc/cpu.cfs_quota_us", "-1\n")
    machine.write("cpu/docker/abc/cpu.cfs_period_us", "100000\n")
    assert machine.v1().cpu() is None


@pytest.mark.parametrize(
    ("path", "root"),
    [
        ("/docker/abc", "/docker/abc"),  # the group is mounted as the top
        ("/", "/"),  # its own namespace
        ("/kubepods/pod1/abc", "/"),  # the path of the machine, not of the container
        ("/../../etc", "/"),
    ],
)
def test_a_container_sees_its_own_group_at_the_top(machine: Machine, path: str, root: str) -> None:
    machine.write("memory/memory.oom_control", "oom_kill 5\n")
    assert machine.v1(path, root).oom_kills() == 5


def test_nothing_mounted_is_none(machine: Machine) -> None:
    groups = machine.group("0::/user\n")
    assert (groups.memory(GIB), groups.cpu(), groups.oom_kills()) == (None, None, None)
    assert Groups("self", "/nonexistent").oom_kills() is None


def test_lines_that_make_no_sense_are_no_groups() -> None:
    assert levels("nonsense\n::\n4:memory:/a\n", "1 2 3 - cgroup\n- - -\nx\n") == {}


HUNGRY = """
import sys
sys.stdin.readline()
pages = bytearray(200 << 20)
for at in range(0, len(pages), 4096):
    pages[at] = 1
"""


def test_a_real_kill_for_memory_is_counted() -> None:
    mine = levels(
        Path("/proc/self/cgroup").read_text(), Path("/proc/self/mountinfo").read_text()
    ).get("memory")
    if mine is None or not os.access(mine.folder, os.W_OK):
        pytest.skip("needs root and a memory control group of version 1")
    group = Path(mine.folder) / f"test-{os.getpid()}"
    group.mkdir()
    hungry = subprocess.Popen([sys.executable, "-c", HUNGRY], stdin=subprocess.PIPE)
    try:
        (group / "memory.limit_in_bytes").write_text(str(50 << 20))
        (group / "cgroup.procs").write_text(str(hungry.pid))
        groups = Groups(str(hungry.pid))
        assert groups.oom_kills() == 0
        memory = groups.memory(None)
        assert memory and memory.limit == 50 << 20
        hungry.communicate(b"\n")
        assert hungry.returncode == -signal.SIGKILL
        assert groups.oom_kills() == 1
    finally:
        hungry.kill()
        hungry.wait()
        group.rmdir()
