"""What happens to machines and to the laptop, each with a real sshd: a run ends in a known state and loses no byte."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from engine.reader import RunReader
from engine.runs import Run
from tests.engine.machines.test_far import script, seen, the
from tests.support import sshd as sshds
from tests.support.cli import Engine
from tests.support.cutter import Cutter
from tests.support.sshd import Sshd

pytestmark = pytest.mark.needs("sshd", "ssh", "rsync")
TRAINER = Path(sshds.__file__).with_name("trainer.py")
FAKETIME = Path("/usr/lib") / f"{os.uname().machine}-linux-gnu" / "faketime" / "libfaketime.so.1"
TWO_DAYS_S = 2 * 86_400


def there(sshd: Sshd, run: Run) -> Path:
    return sshd.home / ".cockpit" / "runs" / run.id


def processes(sshd: Sshd) -> list[int]:
    """Everything that runs on the machine: what has its home in its environment, and what sshd started for it."""
    found = []
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit() and int(folder.name) != os.getpid():
            try:
                words = (folder / "environ").read_bytes() + (folder / "cmdline").read_bytes()
                cwd = os.readlink(folder / "cwd")
            except OSError:
                continue
            if f"COCKPIT_FAR={sshd.home}".encode() in words or cwd.startswith(str(sshd.home)):
                found.append(int(folder.name))
    return found


def killed(sshd: Sshd) -> None:
    for pid in processes(sshd):
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            continue


def whole(sshd: Sshd, run: Run, number: int = 1) -> bool:
    """The copy here is the machine's, byte for byte."""
    far = there(sshd, run) / "attempts" / str(number)
    return all(
        (run.attempt(number).folder / name).read_bytes() == (far / name).read_bytes()
        for name in ("runner.jsonl", "console.log")
    )


def test_an_sshd_that_is_restarted_costs_nothing_but_the_line(
    engine: Engine, sshd: Sshd, line: Cutter
) -> None:
    run = the(engine("watch", "--host", "weak", *script(100, 0.05)).out)
    for step in (5, 30):
        seen(run, step)
        sshd.stop()
        line.cut()
        sshd.start()
    assert engine("wait", run.id).status == 0
    assert whole(sshd, run)


def test_a_machine_that_was_restarted_leaves_its_files_and_a_run_that_can_go_on(
    engine: Engine, sshd: Sshd, project: Path
) -> None:
    words = f"'{sys.executable}', '{TRAINER}', '--out', 'out', '--steps', '300', '--gap', '0.02'"
    (project / "p.toml").write_text(
        f"recipe = 'command'\n[command]\nargv = [{words}, '--every', '5']\n"
        "resume = ['--resume', '{path}']\n"
    )
    run = the(engine("launch", "p.toml", "--host", "far").out)
    seen(run, 12)
    sshd.stop()
    killed(sshd)
    sshd.start()
    answer = engine("wait", run.id)
    assert answer.status == 3, answer.err
    (table,) = engine("status", run.id, "--json").valid("status")
    assert table["word"] == "LOST" and table["state"] == "lost"
    assert engine("resume", run.id, "--wait").status == 0
    second = RunReader(run).poll().attempts[-1]
    assert (second.opening.resume_step or 0) >= 10
    assert second.facts.runner.resume is not None
    assert second.facts.runner.resume.verdict in ("proven", "weak")


@pytest.mark.parametrize("marker", ["@revoked ", ""])
def test_a_revoked_or_changed_key_is_a_hard_stop(
    marker: str, engine: Engine, sshd: Sshd, home: Path, tmp_path: Path
) -> None:
    """By the user's own known_hosts; not one authentication byte is sent."""
    sshds.keygen(tmp_path / "other")
    source = sshd.folder / "host.pub" if marker else tmp_path / "other.pub"
    kind, key = source.read_text().split()[:2]
    known = tmp_path / "known"
    known.write_text(f"{marker}[127.0.0.1]:{sshd.port} {kind} {key}\n")
    config = tmp_path / "config"
    config.write_text(
        f"Host box\nHostname 127.0.0.1\nPort {sshd.port}\nUser root\n"
        f"IdentityFile {sshd.key}\nUserKnownHostsFile {known}\n"
    )
    (home / "hosts.toml").write_text('[box]\naddress = "box"\n')
    with ssh_reads(config, tmp_path):
        answer = engine("watch", "--host", "box", *script())
    assert answer.status == 3, answer.err
    assert ("revoked" if marker else "your known_hosts say") in answer.err
    assert "Accepted" not in (sshd.folder / "log").read_text()


@contextmanager
def ssh_reads(config: Path, folder: Path) -> Iterator[None]:
    """The user's ssh, with another configuration."""
    real, before = shutil.which("ssh"), os.environ["PATH"]
    shim = folder / "bin" / "ssh"
    shim.parent.mkdir(exist_ok=True)
    shim.write_text(f'#!/bin/sh\nexec {real} -F {config} "$@"\n')
    shim.chmod(0o755)
    os.environ["PATH"] = f"{shim.parent}:{before}"
    try:
        yield
    finally:
        os.environ["PATH"] = before


def test_a_key_with_a_passphrase_is_used_through_the_agent(
    engine: Engine, sshd: Sshd, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    locked = sshd.folder / "locked"
    sshds.keygen(locked, passphrase="secret words")
    with (sshd.folder / "allowed").open("a") as allowed:
        allowed.write(locked.with_suffix(".pub").read_text())
    (home / "hosts.toml").write_text(sshd.entry(key=str(locked)))
    assert "passphrase" in engine("hosts", "test", "far").err  # the control
    say = tmp_path / "say"
    say.write_text("#!/bin/sh\necho secret words\n")
    say.chmod(0o700)
    sock = tmp_path / "agent"
    agent = subprocess.Popen(["ssh-agent", "-D", "-a", str(sock)], stdout=subprocess.DEVNULL)
    try:
        while not sock.exists():
            time.sleep(0.02)
        monkeypatch.setenv("SSH_AUTH_SOCK", str(sock))
        asked = {"SSH_ASKPASS": str(say), "SSH_ASKPASS_REQUIRE": "force", "DISPLAY": ":0"}
        subprocess.run(
            ["ssh-add", "-q", str(locked)],
            env={**os.environ, **asked},
            check=True,
            stdin=subprocess.DEVNULL,
        )
        assert engine("hosts", "test", "far").status == 0
    finally:
        agent.terminate()
        agent.wait()


@pytest.mark.parametrize("drips", [False, True])
def test_a_banner_without_an_end_is_given_up(drips: bool, engine: Engine, home: Path) -> None:
    """Whatever answers on that port: lines for ever, or one that never ends."""
    listener, over = socket.create_server(("127.0.0.1", 0)), threading.Event()

    def talk() -> None:
        caller, _ = listener.accept()
        with caller:
            try:
                while not over.wait(0.05 if drips else 0.0):
                    caller.sendall(b"x" if drips else b"Welcome to the machine\r\n")
            except OSError:
                return

    threading.Thread(target=talk, daemon=True).start()
    port = listener.getsockname()[1]
    (home / "hosts.toml").write_text(
        f'[box]\naddress = "root@127.0.0.1:{port}"\nfingerprint = "SHA256:{"A" * 43}"\n'
    )
    try:
        answer = engine("hosts", "test", "box")
        assert answer.status == 3 and "box" in answer.err, answer.err
    finally:
        over.set()
        listener.close()


@pytest.mark.needs("root", "mount", "umount")
def test_a_home_without_room_is_said_before_anything_exists(
    engine: Engine, sshd: Sshd, home: Path
) -> None:
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(sshd.home)], check=False
    )
    if mounted.returncode:
        pytest.skip("no tmpfs can be mounted here")
    try:
        (sshd.home / "full").write_bytes(bytes(40_000))
        answer = engine("watch", "--host", "far", *script())
        assert answer.status == 2, answer.err
        assert "cannot take the runner" in answer.err and "free some room" in answer.err
        assert not list((home / "logs").glob("*-*"))
    finally:
        subprocess.run(["umount", "-l", str(sshd.home)], check=True)


def test_a_laptop_that_slept_catches_up(engine: Engine, sshd: Sshd) -> None:
    """Everything on the user's side stands still for longer than a line lives, and the training ends meanwhile."""
    run = the(engine("watch", "--host", "far", *script(60, 0.05)).out)
    seen(run, 3)
    keeper = RunReader(run).poll().keeper.keeper
    assert keeper is not None
    os.kill(keeper.pid, signal.SIGSTOP)
    try:
        ended, until = there(sshd, run) / "attempts" / "1" / "exit.json", time.monotonic() + 60
        while not ended.exists():
            assert time.monotonic() < until
            time.sleep(0.1)
        time.sleep(8.0)
        assert RunReader(run).poll().last.facts.runner.exit is None  # type: ignore[union-attr]
    finally:
        os.kill(keeper.pid, signal.SIGCONT)
    assert engine("wait", run.id).status == 0
    assert whole(sshd, run)


@pytest.mark.needs("faketime")
def test_a_clock_that_is_two_days_off_is_measured_and_changes_no_word(
    engine: Engine, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not FAKETIME.exists():
        pytest.skip(f"{FAKETIME} is not there")
    ahead = f"SetEnv LD_PRELOAD={FAKETIME} FAKETIME=+2d"
    far = sshds.made(tmp_path / "far")
    # sshd takes the first SetEnv line alone
    monkeypatch.setattr(sshds, "CONFIG", sshds.CONFIG.replace("SetEnv HOME=", f"{ahead} HOME="))
    far.start()
    try:
        (home / "hosts.toml").write_text(far.entry())
        run = the(engine("watch", "--host", "far", *script(60, 0.1)).out)
        seen(run, 5)
        (table,) = engine("status", run.id, "--json").valid("status")
        assert table["word"] == "LIVE" and table["alive"]["beat_s"] < 15
        measured = RunReader(run).poll().keeper.clocks[-1]
        assert abs(measured.offset_s - TWO_DAYS_S) < 5
        assert engine("wait", run.id).status == 0
        (table,) = engine("status", run.id, "--json").valid("status")
        assert (table["step"], table["word"]) == (60, "DONE")
    finally:
        far.stop()
