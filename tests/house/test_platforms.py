"""The laptop's part on other systems: what Linux alone offers is taken away, and the verbs and screens still answer.

It is simulated: the calls and modules are gone, the file system and the terminal stay Linux's.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from engine import procs, system
from tests.house.source import ROOT

RECORDED = "letters"
SYSTEMS = ("windows", "macos")
VERBS = {
    "ls": ["ls"],
    "status": ["status", RECORDED],
    "tail": ["tail", RECORDED, "--metrics"],
    "replay": ["replay", RECORDED, "--speed", "max"],
    "explain": ["explain", RECORDED],
    "alerts": ["alerts", RECORDED, "--what-if", "nan=1"],
    "export": ["export", RECORDED, "--to", "csv"],
    "checkpoints": ["checkpoints", RECORDED],
    "doctor": ["doctor"],
    "hosts": ["hosts", "ls"],
    "gc": ["gc", "--dry-run"],
    "help": ["help", "journal"],
    "completion": ["completion", "bash"],
}
SCREEN = """
import asyncio
from functools import partial
from pathlib import Path
from cockpit.app import Cockpit, Opening
from engine import shipped
run = shipped.recordings(Path('none'))[-1]
async def look():
    app = Cockpit(Opening(lambda: [run], run, True, 600.0))
    async with app.run_test(size=(120, 40)) as pilot:
        for _ in range(400):
            await pilot.pause(0.05)
            if getattr(app.screen, 'moment', None) is not None:
                break
        print(type(app.screen).__name__, app.screen.moment is not None)
asyncio.run(look())
"""


def as_on(name: str, statement: str, home: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "tests.house.bare", name, statement],
        cwd=ROOT,
        env={**os.environ, "COCKPIT_HOME": str(home)},
        capture_output=True,
        text=True,
        timeout=110,
    )


@pytest.mark.parametrize("name", SYSTEMS)
def test_every_verb_that_reads_answers(name: str, home: Path) -> None:
    words = "\n".join(
        f"print('{verb} =', main({argv!r}), file=sys.stderr)" for verb, argv in VERBS.items()
    )
    done = as_on(name, f"import sys\nfrom engine.cli import main\n{words}", home)
    said = dict(line.split(" = ") for line in done.stderr.splitlines() if " = " in line)
    assert said == dict.fromkeys(VERBS, "0"), done.stderr


@pytest.mark.parametrize("name", SYSTEMS)
def test_the_screen_opens_on_a_recording(name: str, home: Path) -> None:
    done = as_on(name, SCREEN, home)
    assert done.stdout.split() == ["Dashboard", "True"], done.stderr[-2000:]


@pytest.mark.parametrize("name", SYSTEMS)
def test_what_goes_to_a_machine_behind_ssh_starts(name: str, home: Path) -> None:
    parts = (
        "launching",
        "control",
        "keeper.__main__",
        "machines.remote",
        "machines.ssh",
        "imports",
    )
    statement = "\n".join(f"import engine.{part}" for part in parts) + "\nprint('fine')"
    done = as_on(name, statement, home)
    assert done.stdout == "fine\n", done.stderr[-2000:]


def test_what_cannot_be_done_there_is_said(home: Path) -> None:
    watch = "from engine.cli import main; main(['watch', '--', 'python3', 'x.py'])"
    assert "under WSL" in as_on("windows", watch, home).stderr
    adopt = "from engine.cli import main; main(['adopt', '--pid', '1'])"
    assert "/proc, which this system has not" in as_on("macos", adopt, home).stderr


def test_what_only_linux_has_would_be_missed(home: Path) -> None:
    """The negative control."""
    assert "AttributeError" in as_on("macos", "import os; os.sched_getaffinity(0)", home).stderr
    assert "fcntl" in as_on("windows", "import fcntl", home).stderr
    assert "AttributeError" in as_on("windows", "import os; os.pread(0, 1, 0)", home).stderr


def test_reading_and_writing_at_an_offset_without_the_calls(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr(os, "pread")
    monkeypatch.delattr(os, "pwrite")
    fd = os.open(tmp_path / "file", os.O_RDWR | os.O_CREAT)
    assert system.write_at(fd, b"0123456789", 0) == 10
    assert system.write_at(fd, b"ab", 4) == 2
    assert system.read_at(fd, 4, 3) == b"3ab6"
    os.close(fd)


def test_a_lock_is_one_holders(tmp_path: Path) -> None:
    first, second = (os.open(tmp_path / "file", os.O_RDWR | os.O_CREAT) for _ in range(2))
    assert system.lock(first)
    assert not system.lock(second)
    os.close(first)
    assert system.lock(second)
    os.close(second)


def test_windows_locks_where_no_byte_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its lock covers bytes that then nobody can read: it stands behind all of them, and the place comes back."""
    seen: list[int] = []

    class Msvcrt:
        LK_NBLCK = 2

        @staticmethod
        def locking(fd: int, mode: int, count: int) -> None:
            seen.append(os.lseek(fd, 0, os.SEEK_CUR))
            if len(seen) > 1:
                raise PermissionError(13, "Permission denied")

    monkeypatch.setitem(sys.modules, "msvcrt", Msvcrt)
    monkeypatch.setattr(system, "fcntl", None)
    fd = os.open(tmp_path / "file", os.O_RDWR | os.O_CREAT)
    os.write(fd, b"line\n")
    assert system.lock(fd) and not system.lock(fd)
    assert seen == [system.FARTHEST] * 2 and os.lseek(fd, 0, os.SEEK_CUR) == 5
    os.close(fd)


def test_without_proc_a_process_is_taken_at_its_word(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(procs, "PROC", str(tmp_path / "none"))
    me = procs.myself()
    assert procs.alive(me) and me.start == 0
