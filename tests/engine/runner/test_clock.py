"""Clocks that jump, and the kernel's own killing: neither changes what is decided."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.procs import myself
from engine.runner import clock, limits
from engine.runner.job import Limits
from tests.engine.runner.attempts import PYTHON, Fault, attempt, broken, python, shell, until

LIAR = """
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>
int clock_gettime(clockid_t which, struct timespec *now) {
    int failed = syscall(SYS_clock_gettime, which, now);
    long ahead = 0;
    FILE *told = which == CLOCK_REALTIME ? fopen(getenv("CLOCK_AHEAD"), "r") : 0;
    if (told) { if (fscanf(told, "%ld", &ahead) == 1) now->tv_sec += ahead; fclose(told); }
    return failed;
}
"""
"""A clock that is set while a process runs: only the wall's, as when a system's clock is corrected."""
DAY = 86400


@pytest.fixture
def liar(tmp_path: Path) -> str:
    compiler = shutil.which("gcc")
    if compiler is None:
        pytest.skip("needs gcc")
    source, library = tmp_path / "liar.c", tmp_path / "liar.so"
    source.write_text(LIAR)
    subprocess.run([compiler, "-shared", "-fPIC", "-o", str(library), str(source)], check=True)
    return str(library)


def under_a_jump(home: Path, library: str, *faults: Fault) -> tuple[list[str], list[float]]:
    """What a runner says, and its up times, while the wall's clock jumps two days ahead, then four back."""
    ahead = home / "ahead"
    ahead.write_text("0")
    job = {"limits": {"hours": 1.0, "idle_minutes": 30.0}, "grace_s": 5}
    code = shell("unset LD_PRELOAD; sleep 5; exit 2")
    with attempt(home, code, broken(home, *faults), **job) as one:
        one.start(LD_PRELOAD=library, CLOCK_AHEAD=str(ahead))
        for beats, jump in ((3, 2 * DAY), (6, -2 * DAY)):
            until(lambda least=beats: len(one.said("beat")) >= least or one.said("exited"), "beats")
            ahead.write_text(str(jump))
        one.runners[0].wait(60)
        times = [beat.t for beat in one.said("beat")]
        assert max(times) - min(times) > DAY, "the clock did not jump"
        return one.names(), [beat.up_s for beat in one.said("beat")]


def test_a_clock_that_jumps_for_days_ends_nothing(tmp_path: Path, liar: str) -> None:
    names, ups = under_a_jump(tmp_path, liar)
    assert names == ["runner_started", "started", "exited"]
    assert ups == sorted(ups) and 0 <= ups[0] <= ups[-1] < 60


def test_a_runner_that_counts_by_the_walls_clock_would_end_it(tmp_path: Path, liar: str) -> None:
    """The control."""
    by_the_wall = (
        "runner/clock.py",
        "return time.clock_gettime(_SINCE_BOOT)",
        "return time.time() - _BOOTED",
    )
    booted = (
        "runner/clock.py",
        "\n\ndef wall()",
        "_BOOTED = time.time() - time.clock_gettime(_SINCE_BOOT)\n\ndef wall()",
    )
    assert "limit_reached" in under_a_jump(tmp_path, liar, by_the_wall, booted)[0]


def test_up_time_is_the_steady_clocks_and_never_negative() -> None:
    me = myself()
    first = clock.up_s(me, 0.0)
    assert 0 <= first <= clock.up_s(me, 0.0) < clock.steady()
    assert clock.up_s(type(me)(me.pid, 0, me.boot), clock.steady() + 100) == 0.0


def test_limits_are_reached_at_their_value_and_not_before() -> None:
    assert limits.reached(Limits(), 1e9, 1e9) is None
    assert limits.reached(Limits(hours=1), 3599.9, 0) is None
    assert limits.reached(Limits(hours=1), 3600, 0) == limits.Reached("hours", 1.0, 1)
    spent = limits.reached(Limits(dollars=3, price_hour=2), 5400, 0)
    assert spent == limits.Reached("dollars", 3.0, 3)
    assert limits.reached(Limits(dollars=3), 1e9, 0) is None
    assert limits.reached(Limits(idle_minutes=2), 1e5, 119) is None
    assert limits.reached(Limits(idle_minutes=2), 1e5, 120) == limits.Reached("idle_minutes", 2, 2)


@pytest.fixture
def tight() -> Iterator[Path]:
    """A control group with little memory, of either version."""
    if os.getuid() != 0:
        pytest.skip("making a control group needs root")
    for folder, limit in (
        (Path("/sys/fs/cgroup/memory/cockpit-test"), "memory.limit_in_bytes"),
        (Path("/sys/fs/cgroup/cockpit-test"), "memory.max"),
    ):
        try:
            folder.mkdir()
            (folder / limit).write_text(str(96 << 20))
        except OSError:
            if folder.is_dir():
                folder.rmdir()
            continue
        yield folder
        folder.rmdir()
        return
    pytest.skip("no memory control group can be made here")


def ends(home: Path, group: Path | None, code: str) -> tuple[int | None, bool]:
    """Signal and verdict of a trainer, with its runner and all in this control group."""
    inside = f"echo $$ > {group}/cgroup.procs; " if group else ""
    with attempt(home, python(code)) as one:
        words = [PYTHON, "-S", "-B", "-m", "engine.runner", str(one.folder)]
        subprocess.run(
            ["/bin/sh", "-c", inside + 'exec "$@"', "sh", *words],
            env={**os.environ, "PYTHONPATH": str(one.build)},
            cwd="/",
            stdin=subprocess.DEVNULL,
            check=True,
            timeout=60,
        )
        ended = one.said("exited")[0]
        return ended.signal, ended.oom


EATS = "x = []; exec('while True: x.append(bytearray(1 << 22))')"
DIES = "import os; os.kill(os.getpid(), 9)"


def test_a_kill_for_memory_is_known_by_the_kernels_counter(tmp_path: Path, tight: Path) -> None:
    assert ends(tmp_path, tight, EATS) == (9, True)


def test_another_kill_is_not_taken_for_one(tmp_path: Path, tight: Path) -> None:
    assert ends(tmp_path, tight, DIES) == (9, False)
