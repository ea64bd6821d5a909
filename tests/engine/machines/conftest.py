"""A real sshd and a line to it that can be cut; `hosts.toml` names them `far` and `weak`."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import living
from tests.support import sshd as sshds
from tests.support.cli import Engine, caller
from tests.support.cutter import Cutter
from tests.support.sshd import Sshd


@pytest.fixture
def engine(capsys: pytest.CaptureFixture[str]) -> Engine:
    return caller(capsys)


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty project to stand in: what stands there goes to the machine."""
    here = tmp_path / "project"
    here.mkdir()
    monkeypatch.chdir(here)
    return here


@pytest.fixture
def sshd(tmp_path: Path, home: Path) -> Iterator[Sshd]:
    found = sshds.made(tmp_path / "far")
    found.start()
    (home / "hosts.toml").write_text(found.entry())
    yield found
    let_go(home)
    found.stop()


def let_go(home: Path) -> None:
    """A keeper stays until the last byte is here, which on a busy machine takes longer than others are given."""
    until = time.monotonic() + 60
    while living(home) and time.monotonic() < until:
        time.sleep(0.1)


@pytest.fixture(params=["rsync", "ssh"])
def way(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """How large files come: by rsync, and on a laptop that has none."""
    if request.param == "ssh":
        bare = tmp_path / "bare"
        bare.mkdir()
        for name in ("ssh", "git", "sh", "ssh-keygen"):
            (bare / name).symlink_to(shutil.which(name) or "/none")
        monkeypatch.setenv("PATH", str(bare))
    return str(request.param)


@pytest.fixture
def line(sshd: Sshd, home: Path) -> Iterator[Cutter]:
    """`weak` is the same machine, reached through it."""
    with Cutter(sshd.port) as cutter:
        weak = sshd.entry("weak", address=f"root@127.0.0.1:{cutter.port}")
        (home / "hosts.toml").write_text(sshd.entry() + "\n" + weak)
        yield cutter
        let_go(home)
