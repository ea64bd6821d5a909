from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from engine.runner.family import MACHINE_NAMESPACE, Family, stat

pytestmark = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="needs /proc")

# A trainer with a worker in its session, one in a session of its own, and a name that lies.
TRAINER = """
import os, subprocess, sys, time
open("/proc/self/comm", "w").write("x) R 1 1 1")
sleep = [sys.executable, "-c", "import time; time.sleep(60)"]
inside = subprocess.Popen(sleep, env=dict(os.environ, RANK="3", LOCAL_RANK="1"))
outside = subprocess.Popen(sleep, env=dict(os.environ, LOCAL_RANK="7"), start_new_session=True)
print(inside.pid, outside.pid, flush=True)
time.sleep(60)
"""


@pytest.fixture
def trainer() -> Iterator[tuple[subprocess.Popen[str], int, int]]:
    process = subprocess.Popen(
        [sys.executable, "-c", TRAINER],
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert process.stdout
    inside, outside = map(int, process.stdout.readline().split())
    yield process, inside, outside
    for pid in (process.pid, inside, outside):
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
    process.wait()


def test_the_session_and_the_descendants_are_the_family(
    trainer: tuple[subprocess.Popen[str], int, int],
) -> None:
    process, inside, outside = trainer
    family = Family(process.pid)
    assert set(family.members()) == {process.pid, inside, outside}
    assert os.getpid() not in family.members()
    assert family.has(inside) and not family.has(os.getpid())
    assert all(one.rss > 0 for one in family.members().values())


def test_ranks_come_from_the_environment(
    trainer: tuple[subprocess.Popen[str], int, int],
) -> None:
    process, inside, outside = trainer
    family = Family(process.pid)
    for _ in range(2):
        family.members()
        assert [family.rank(pid) for pid in (process.pid, inside, outside)] == [None, 3, 7]


def test_an_orphan_stays_in_the_family(
    trainer: tuple[subprocess.Popen[str], int, int],
) -> None:
    process, inside, outside = trainer
    family = Family(process.pid)
    family.members()
    process.kill()
    process.wait()
    assert set(family.members()) == {inside, outside}


class Proc:
    """A folder that looks like /proc."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "self" / "ns").mkdir(parents=True)

    def add(
        self, pid: int, parent: int, start: int = 1, session: int = 0, env: bytes = b""
    ) -> None:
        (self.folder / str(pid)).mkdir(exist_ok=True)
        fields = [
            parent,
            pid,
            session,
            0,
            -1,
            0,
            0,
            0,
            0,
            0,
            30,
            12,
            0,
            0,
            20,
            0,
            1,
            0,
            start,
            0,
            9,
        ]
        text = f"{pid} (a) b) S " + " ".join(map(str, fields)) + " 0 0\n"
        (self.folder / str(pid) / "stat").write_text(text)
        (self.folder / str(pid) / "environ").write_bytes(env)

    def remove(self, pid: int) -> None:
        for file in (self.folder / str(pid)).iterdir():
            file.unlink()
        (self.folder / str(pid)).rmdir()

    def namespace(self, name: str) -> None:
        link = self.folder / "self" / "ns" / "pid"
        link.unlink(missing_ok=True)
        link.symlink_to(name)


@pytest.fixture
def proc(tmp_path: Path) -> Proc:
    return Proc(tmp_path)


@pytest.fixture
def family(proc: Proc) -> Callable[[int], Family]:
    return lambda trainer: Family(trainer, str(proc.folder))


def test_a_number_that_another_process_took_over_is_a_stranger(
    proc: Proc, family: Callable[[int], Family]
) -> None:
    proc.add(100, 1, env=b"RANK=0\0")
    proc.add(101, 100, start=5, env=b"RANK=1\0")
    kin = family(100)
    assert set(kin.members()) == {100, 101} and kin.rank(101) == 1
    proc.add(101, 1, start=9, env=b"RANK=2\0")
    assert set(kin.members()) == {100}
    proc.add(101, 100, start=11, env=b"RANK=3\0")
    for _ in range(12):
        members = kin.members()
    assert set(members) == {100, 101} and kin.rank(101) == 3


def test_strangers_are_not_read_again_each_time(
    proc: Proc, family: Callable[[int], Family]
) -> None:
    proc.add(100, 1)
    proc.add(200, 1)
    kin = family(100)
    kin.members()
    (proc.folder / "200" / "stat").unlink()
    (proc.folder / "200" / "stat").mkdir()  # reading it would find nothing
    proc.add(300, 100)
    assert set(kin.members()) == {100, 300}, "one that is new is read"


def test_a_circle_of_parents_ends(proc: Proc, family: Callable[[int], Family]) -> None:
    proc.add(200, 201)
    proc.add(201, 200)
    assert family(100).members() == {}


@pytest.mark.parametrize("text", [b"", b"1", b"1 (x", b"1 (x) S 1 2", b"\xff\xfe"])
def test_a_stat_that_makes_no_sense_is_nobody(proc: Proc, text: bytes) -> None:
    (proc.folder / "7").mkdir()
    (proc.folder / "7" / "stat").write_bytes(text)
    assert stat(7, str(proc.folder)) is None


@pytest.mark.parametrize("env", [b"", b"RANK=", b"RANK=x\0", b"RANK=-1\0", b"RANK=1e3\0", b"RANK"])
def test_a_rank_that_makes_no_sense_is_none(
    proc: Proc, family: Callable[[int], Family], env: bytes
) -> None:
    proc.add(100, 1, env=env)
    kin = family(100)
    kin.members()
    assert kin.rank(100) is None


def test_only_the_machines_own_namespace_has_the_drivers_numbers(
    proc: Proc, family: Callable[[int], Family]
) -> None:
    assert not family(100).numbered_by_driver()
    proc.namespace("pid:[4026532201]")
    assert not family(100).numbered_by_driver()
    proc.namespace(MACHINE_NAMESPACE)
    assert family(100).numbered_by_driver()


def test_without_proc_there_is_no_family() -> None:
    assert Family(1, "/nonexistent").members() == {}
