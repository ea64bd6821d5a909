"""Law 2: the mirror is byte-identical, whatever cuts the link and however often. Over a real sshd."""

from __future__ import annotations

import os
import random
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from engine import hosts
from engine.machines import mirror
from engine.machines.machine import Away
from engine.machines.remote import Remote
from engine.runner import frames
from engine.runner.frames import Bytes
from engine.runs import Run
from tests.support.cutter import Cutter
from tests.support.sshd import Sshd

CUTS = 1000 if os.environ.get("SOAK") else 12
FILES = dict(zip(frames.SEGMENTS, frames.FILES, strict=True))


class Pair:
    """An attempt's files there, which grow by themselves, and their copy here."""

    def __init__(self, sshd: Sshd, home: Path, seed: int) -> None:
        self.run = Run(home / "logs" / "pair-20260921-000000-abcd")
        self.here = self.run.attempt(1)
        self.here.folder.mkdir(parents=True)
        self.run.profile.write_text("{}")
        self.there = sshd.home / ".cockpit" / "runs" / self.run.id / "attempts" / "1"
        self._dice = random.Random(seed)
        self._lines = 0

    def grow(self) -> None:
        """Whole lines, halves of lines and bytes that are no text, in all three files."""
        for name, file in FILES.items():
            size = self._dice.choice([0, 1, 40, 700, 30_000])
            if name != "console":
                data = b"".join(b'{"step":%d}\n' % (self._lines + n) for n in range(size // 20))
                self._lines += size // 20
            else:
                data = self._dice.randbytes(size)
            with (self.there / file).open("ab") as out:
                out.write(data)

    def same(self) -> bool:
        return all(self._same(name) for name in FILES)

    def _same(self, name: str) -> bool:
        return _read(self.here.segment(name)) == _read(self.there / FILES[name])

    def prefix(self) -> bool:
        return all(
            _read(self.there / FILES[name]).startswith(_read(self.here.segment(name)))
            for name in FILES
        )


def _read(path: Path) -> bytes:
    return path.read_bytes() if path.exists() else b""


def until(true: Callable[[], bool], seconds: float = 60.0) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it does not come to that"
        time.sleep(0.02)


def opened(remote: Remote, pair: Pair) -> None:
    def tried() -> bool:
        try:
            remote.open(pair.here, {"schema": 1})
        except Away:
            return False
        return True

    until(tried)


@pytest.mark.needs("sshd", "ssh")
@pytest.mark.timeout(7200 if CUTS == 1000 else 300)
def test_every_byte_arrives_once_whatever_cuts_the_line(
    sshd: Sshd, line: Cutter, home: Path
) -> None:
    pair, dice = Pair(sshd, home, 20261125), random.Random(7)
    remote = Remote(hosts.find("weak"), pair.run)
    try:
        opened(remote, pair)
        while line.connections <= CUTS:
            pair.grow()
            # Each new connection dies somewhere: in its handshake, in the bootstrap, in the middle of a frame.
            line.cut_after = dice.choice([300, 3_000, 5_000, 9_000, 20_000, 60_000])
            line.cut()
            reached = line.connections
            until(lambda at=reached: line.connections > at)  # type: ignore[misc]
            assert pair.prefix()
        line.cut_after = None
        line.cut()
        until(pair.same)
    finally:
        remote.close()


@pytest.mark.needs("sshd", "ssh")
def test_a_black_hole_is_noticed_and_the_line_comes_back(
    sshd: Sshd, line: Cutter, home: Path
) -> None:
    pair = Pair(sshd, home, 1)
    remote = Remote(hosts.find("weak"), pair.run)
    try:
        opened(remote, pair)
        line.silent, reached = True, line.connections
        pair.grow()
        until(lambda: line.connections > reached)  # nobody told us: silence alone
        line.silent = False
        line.cut()
        until(pair.same)
    finally:
        remote.close()


def test_a_copy_that_does_not_look_at_offsets_is_caught(tmp_path: Path) -> None:
    """The control: the same bytes after a reconnection, once with the offset in mind and once blindly appended."""
    run = Run(tmp_path / "pair-20260921-000000-abcd")
    attempt = run.attempt(1)
    attempt.folder.mkdir(parents=True)
    whole = os.urandom(5000)
    mirror.write(run, Bytes(1, "console", 0, whole[:3000]))
    with pytest.raises(mirror.Torn):
        mirror.write(run, Bytes(1, "console", 4000, whole[4000:]))
    mirror.write(run, Bytes(1, "console", 3000, whole[3000:]))
    assert attempt.console.read_bytes() == whole
    blind = whole[:3000] + whole[2000:]
    assert blind != whole


def test_facts_are_never_taken_back(tmp_path: Path) -> None:
    """A machine that was made anew has a journal of its own: ours stays, and the talk ends."""
    run = Run(tmp_path / "pair-20260921-000000-abcd")
    run.attempt(1).folder.mkdir(parents=True)
    mirror.write(run, Bytes(1, "runner", 0, b'{"e":"a"}\n'))
    with pytest.raises(mirror.Torn, match="another one"):
        mirror.write(run, Bytes(1, "runner", 0, b'{"e":"b"}\n'))
    assert run.attempt(1).runner.read_bytes() == b'{"e":"a"}\n'
    mirror.write(run, Bytes(1, "console", 0, b"one"))
    mirror.write(run, Bytes(1, "console", 0, b"two, after the script emptied it"))
    assert run.attempt(1).console.read_bytes() == b"two, after the script emptied it"
