from __future__ import annotations

import os
import threading
import time
from pathlib import Path

import pytest

from engine.runner.disks import DiskReading, Disks


def answered(disks: Disks) -> tuple[DiskReading, ...]:
    disks.ask()
    for _ in range(1000):
        if disks.answered():
            break
        time.sleep(0.005)
    return disks.readings()


def test_free_and_total_bytes_of_each_path(tmp_path: Path) -> None:
    here, gone = answered(Disks([str(tmp_path), str(tmp_path / "gone")]))
    assert here.free and here.total and 0 < here.free <= here.total
    assert gone == DiskReading(str(tmp_path / "gone"))


class DeadDrive:
    """os.statvfs of a machine on which one path never answers."""

    def __init__(self, path: str) -> None:
        self.path, self.back = path, threading.Event()
        self.real = os.statvfs

    def __call__(self, path: str) -> os.statvfs_result:
        if path == self.path:
            self.back.wait(60.0)
        return self.real(path)


def test_a_path_that_does_not_answer_holds_up_nobody(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dead = DeadDrive(str(tmp_path / "dead"))
    (tmp_path / "dead").mkdir()
    monkeypatch.setattr(os, "statvfs", dead)
    disks = Disks([dead.path, str(tmp_path)])
    before = threading.active_count()
    for _ in range(3):
        disks.ask()
        for _ in range(1000):
            if disks.readings()[1].free:
                break
            time.sleep(0.005)
        hung, here = disks.readings()
        assert here.free and hung == DiskReading(dead.path)
        assert not disks.answered()
    assert threading.active_count() - before <= 2, "one thread a path, however often it is asked"
    dead.back.set()
    assert all(one.free for one in answered(disks))
