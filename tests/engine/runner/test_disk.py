"""A disk that is full or refuses to sync: the trainer is left alone, the facts that matter are written, it is said."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.events import Lines, Segment, decode, encode
from engine.events.runner import Beat, Ordered
from engine.journal import Writer
from engine.runner.ledger import Ledger
from engine.runner.reserve import SIZE, Reserve
from tests.engine.runner.attempts import RUN, Attempt, Fault, attempt, broken, python, until

KB = 1024
ROOM = 4096 * KB

FILLS = """
import os, sys, time
f = os.open("fill", os.O_WRONLY | os.O_CREAT)
open("full", "w").close()
while not os.path.exists("../again"):
    try:
        while True: os.write(f, b"x" * 512)
    except OSError: pass
    time.sleep(0.002)
os.ftruncate(f, 0)
time.sleep(1.5)
sys.exit(5)
"""
"""A trainer that takes every byte that becomes free, until it is told to give them back."""


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Path]:
    """A real disk of four megabytes."""
    if os.getuid() != 0:
        pytest.skip("mounting a small disk needs root")
    place = tmp_path / "small"
    place.mkdir()
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={ROOM}", "none", str(place)], capture_output=True
    )
    if done.returncode:
        pytest.skip(f"no small disk can be mounted here: {done.stderr.decode()}")
    try:
        yield place
    finally:
        subprocess.run(["umount", "-l", str(place)], check=True)


def nearly_a_page(one: Attempt) -> None:
    """Its journal's last page is full soon, because a page that is there is no sign of a full disk."""
    beat = b'{"e":"beat","t":1.0,"up_s":1.0,"alive":true}\n'
    (one.folder / "runner.jsonl").write_bytes(beat * (3200 // len(beat)))


def filled(one: Attempt, place: Path) -> int:
    """See a trainer through a full disk; the runner's exit status."""
    one.start()
    until(lambda: (place / "full").exists(), "a trainer")
    until(lambda: one.said("disk_filled"), "the word that the disk is full", 30)
    (place.parent / "again").touch()
    return one.runners[0].wait(60)


def test_a_full_disk_is_said_and_the_end_is_still_recorded(small: Path) -> None:
    with attempt(small, python(FILLS)) as one:
        nearly_a_page(one)
        assert filled(one, small) == 0
        said = one.said("disk_filled")[0]
        assert said.path.endswith("runner.jsonl") and said.free_bytes is not None
        ended = one.said("exited")[0]
        assert (ended.code, ended.signal) == (5, None)
        assert len(one.said("disk_filled")) == 1


STAYS = FILLS.replace('not os.path.exists("../again")', "time.time() < end").replace(
    "os.ftruncate(f, 0)\ntime.sleep(1.5)", ""
)
STAYS_FULL = python(f"import time; end = time.time() + 4\n{STAYS}")


def test_the_end_is_recorded_though_the_disk_stays_full(small: Path) -> None:
    with attempt(small, STAYS_FULL) as one:
        nearly_a_page(one)
        assert one.run() == 0
        assert len(one.said("disk_filled")) == 1 and one.said("exited")[0].code == 5


def test_without_room_kept_back_nobody_would_hear_of_it(small: Path) -> None:
    """The control."""
    fault: Fault = ("runner/ledger.py", "        reserve.refill()\n", "        pass\n")
    with attempt(small, STAYS_FULL, broken(small.parent, fault)) as one:
        nearly_a_page(one)
        one.start()
        until(lambda: (one.folder / "exit.json").exists(), "the nurse's record")
        with pytest.raises(AssertionError, match="never came"):
            until(lambda: one.said("disk_filled") or one.said("exited"), "any word", 4)


def test_a_disk_without_room_for_the_records_is_no_start(small: Path) -> None:
    with attempt(small, python("open('ran', 'w')")) as one:
        (one.folder / "runner.err").touch()
        fill = fill_up(small)
        one.start()
        until(lambda: (small / RUN / "trainer.lock").exists(), "an attempt to start")
        time.sleep(1)
        os.ftruncate(fill, 0)
        assert one.runners[0].wait(60) == 0
        assert sorted(one.names()) == ["disk_filled", "exited", "runner_started", "start_failed"]
        assert "No space" in one.said("start_failed")[0].reason
        assert not (small / "ran").exists()


def fill_up(place: Path) -> int:
    fill = os.open(place / "fill", os.O_WRONLY | os.O_CREAT)
    with pytest.raises(OSError):
        while True:
            os.write(fill, b"x" * 4096)
    return fill


def test_the_reserve_is_given_up_page_by_page(tmp_path: Path) -> None:
    reserve = Reserve(str(tmp_path / "r"))
    assert reserve.refill() and (tmp_path / "r").stat().st_size == SIZE
    released = 0
    while reserve.release():
        released += 1
    assert released == SIZE // 4096 and (tmp_path / "r").stat().st_size == 0
    assert reserve.refill() and (tmp_path / "r").stat().st_size == SIZE
    reserve.remove()
    assert not reserve.release()


REFUSES = """
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <sys/stat.h>
#include <fcntl.h>
int fsync(int fd) {
    char link[64], path[4096];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t n = readlink(link, path, sizeof path - 1);
    if (n > 12 && !memcmp(path + n - 12, "runner.jsonl", 12)) { errno = EIO; return -1; }
    return 0;
}
"""


def test_a_disk_that_refuses_to_sync_is_said_once_and_new_facts_go_on(tmp_path: Path) -> None:
    compiler = shutil.which("gcc")
    if compiler is None:
        pytest.skip("needs gcc")
    (tmp_path / "refuses.c").write_text(REFUSES)
    library = tmp_path / "refuses.so"
    subprocess.run(
        [compiler, "-shared", "-fPIC", "-o", str(library), str(tmp_path / "refuses.c")], check=True
    )
    with attempt(tmp_path, python("import sys; sys.exit(3)")) as one:
        assert one.run(LD_PRELOAD=str(library)) == 0
        assert one.names() == ["runner_started", "sync_refused", "started", "exited"]
        assert "Input/output error" in one.said("sync_refused")[0].error


def test_a_fact_waits_for_room_and_a_reading_does_not(small: Path) -> None:
    heard: list[bytes] = []
    ledger = Ledger(Writer(small / "runner.jsonl"), Reserve(str(small / ".reserve")), heard.append)
    fill = fill_up(small)
    for number in range(2000):
        ledger.mention(Beat(1.0, float(number), True))
    assert (small / ".reserve").stat().st_size >= SIZE - 2 * 4096, "readings took what facts need"
    for number in range(900):
        ledger.tell(Ordered(2.0, f"o{number}" + "x" * 200, "save", "ann"))
    assert not ledger.flush()
    os.ftruncate(fill, 0)
    assert ledger.flush() and ledger.close()
    said = [line for line in heard if b'"ordered"' in line]
    assert len(said) == 900 and sum(b'"disk_filled"' in line for line in heard) == 1
    # A full disk takes half a line now and then; whole ones are what a reader counts.
    whole = [
        decode(line, Segment.RUNNER)
        for line, _ in Lines().feed((small / "runner.jsonl").read_bytes())
    ]
    assert sum(isinstance(fact, Ordered) for fact in whole) == 900
    assert sum(b'"beat"' in line for line in heard) < 2000


@pytest.mark.parametrize("missing", [1, 2, 10])
def test_a_fact_that_the_disk_cut_is_there_once(small: Path, missing: int) -> None:
    """Also where only its line's end was cut off: half a line is none, but that would be a whole one."""
    fact, path = Ordered(2.0, "o1", "save", "ann"), small / "runner.jsonl"
    path.write_bytes(b" " * (4095 - len(encode(fact)) + missing) + b"\n")
    ledger = Ledger(Writer(path), Reserve(str(small / "none" / "at all")), lambda line: None)
    fill = fill_up(small)
    ledger.tell(fact)
    os.ftruncate(fill, 0)
    assert ledger.flush()
    ledger.tell(Beat(3.0, 1.0, True))
    lines = [line for line, _ in Lines().feed(path.read_bytes())]
    facts = [decode(line, Segment.RUNNER) for line in lines]
    kept = [found for found in facts if isinstance(found, (Ordered, Beat))]
    assert kept == [fact, Beat(3.0, 1.0, True)]
