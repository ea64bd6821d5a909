"""Runs on a machine behind ssh, by the verbs that a user has, over a real sshd."""

from __future__ import annotations

import json
import os
import shlex
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest

from engine.reader import RunReader
from engine.runs import Run, logs_folder
from tests.support import sshd as sshds
from tests.support.cli import Engine
from tests.support.cutter import Cutter
from tests.support.sshd import Sshd

pytestmark = pytest.mark.needs("sshd", "ssh")
COUNT = """
import os, time
for step in range(1, {steps} + 1):
    print(f"step {{step}}/{steps} loss {{3 / step:.3f}}", os.environ.get("TOKEN", ""), flush=True)
    time.sleep({gap})
"""


def script(steps: int = 5, gap: float = 0.02) -> list[str]:
    return ["--", sys.executable, "-c", COUNT.format(steps=steps, gap=gap)]


def seen(run: Run, step: int) -> None:
    reader, until = RunReader(run), time.monotonic() + 90
    while (reader.poll().step or 0) < step:
        assert time.monotonic() < until, "the trainer makes no steps"
        time.sleep(0.1)


def the(run_id: str) -> Run:
    return Run(logs_folder() / run_id.strip())


def test_a_command_is_watched_to_its_end_and_copied_to_the_byte(engine: Engine, sshd: Sshd) -> None:
    answer = engine("watch", "--host", "far", "--wait", "--follow", *script())
    assert answer.status == 0, answer.err
    run = the(answer.out.splitlines()[0])
    assert "step 5/5 loss 0.600" in answer.err
    (table,) = engine("status", run.id, "--json").valid("status")
    assert (table["step"], table["host"], table["word"]) == (5, "far", "DONE")
    assert table["attempts"][0]["machine"] == "far"
    there = sshd.home / ".cockpit" / "runs" / run.id / "attempts" / "1"
    for name in ("runner.jsonl", "console.log"):
        assert (run.attempt(1).folder / name).read_bytes() == (there / name).read_bytes()
        assert stat.S_IMODE((run.attempt(1).folder / name).stat().st_mode) == 0o600
    assert "clock_measured" in run.keeper.read_text()


def test_nothing_of_a_secret_stays_on_the_way(
    engine: Engine, sshd: Sshd, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TOKEN", "hush-hush-0123456789")
    words = [sys.executable, "-c", "import os; print(len(os.environ['TOKEN']))"]
    profile = tmp_path / "quiet.toml"
    profile.write_text(
        f"recipe = 'command'\n[command]\nargv = {json.dumps(words)}\n[secrets]\nnames = ['TOKEN']\n"
    )
    answer = engine("launch", str(profile), "--host", "far", "--follow")
    assert answer.status == 0 and "20\n" in answer.err, answer.err
    for folder in (home, sshd.home):
        for path in folder.rglob("*"):
            assert not path.is_file() or b"hush-hush" not in path.read_bytes(), path


def test_stop_reaches_it_though_its_keeper_was_killed(engine: Engine, sshd: Sshd) -> None:
    run = the(engine("watch", "--host", "far", *script(2000, 0.05)).out)
    seen(run, 3)
    said = RunReader(run).poll().keeper.keeper
    assert said is not None
    os.kill(said.pid, signal.SIGKILL)
    stopped = engine("stop", run.id, "--wait")
    assert stopped.status == 0, stopped.err
    (table,) = engine("status", run.id, "--json").valid("status")
    assert table["word"] == "STOPPED"


def test_a_lost_line_is_offline_and_the_run_goes_on(
    engine: Engine, sshd: Sshd, line: Cutter
) -> None:
    run = the(engine("watch", "--host", "weak", *script(120, 0.05)).out)
    seen(run, 3)
    sshd.stop()  # nobody can come back
    line.cut()
    there = sshd.home / ".cockpit" / "runs" / run.id / "attempts" / "1" / "exit.json"
    until = time.monotonic() + 60
    while not there.exists():
        assert time.monotonic() < until
        time.sleep(0.1)
    assert RunReader(run).poll().last.facts.runner.exit is None  # type: ignore[union-attr]
    sshd.start()
    assert engine("wait", run.id).status == 0
    (table,) = engine("status", run.id, "--json").valid("status")
    assert (table["step"], table["word"]) == (120, "DONE")


def test_the_wrong_key_is_a_hard_stop_and_nothing_is_made(
    engine: Engine, sshd: Sshd, home: Path
) -> None:
    other = "SHA256:" + "A" * 43
    (home / "hosts.toml").write_text(sshd.entry(fingerprint=other))
    answer = engine("watch", "--host", "far", *script())
    assert answer.status == 3 and "pinned" in answer.err and sshd.fingerprint in answer.err
    assert "Accepted" not in (sshd.folder / "log").read_text()
    assert not list(logs_folder().glob("*-*")) and not (sshd.home / ".cockpit").exists()


def test_a_key_that_nobody_knows_is_a_question(engine: Engine, sshd: Sshd, home: Path) -> None:
    text = "\n".join(part for part in sshd.entry().splitlines() if "fingerprint" not in part)
    (home / "hosts.toml").write_text(text + "\n")
    answer = engine("watch", "--host", "far", *script())
    assert answer.status == 2 and sshd.fingerprint in answer.err
    address = f"root@127.0.0.1:{sshd.port}"
    asked = engine("hosts", "add", "new", "--ssh", address, "--key", str(sshd.key))
    assert asked.status == 2 and f"--fingerprint {sshd.fingerprint}" in asked.err
    words = ["--key", str(sshd.key), "--fingerprint", sshd.fingerprint]
    assert engine("hosts", "add", "new", "--ssh", address, *words).status == 0
    assert engine("hosts", "test", "new").status == 0


def test_who_is_not_let_in_is_told_why(engine: Engine, sshd: Sshd, home: Path) -> None:
    sshds.keygen(sshd.folder / "stranger")
    sshds.keygen(sshd.folder / "locked", passphrase="secret words")
    for name, words in (("stranger", "refused"), ("locked", "passphrase")):
        (home / "hosts.toml").write_text(sshd.entry(key=str(sshd.folder / name)))
        answer = engine("hosts", "test", "far")
        assert answer.status == 2 and words in answer.err, answer.err


def test_a_machine_without_a_fitting_python_is_refused_in_words(
    engine: Engine, sshd: Sshd, home: Path
) -> None:
    old = sshd.folder / "old python"
    code = "import sys; sys.version_info = (3, 6, 9)"
    old.write_text(f'#!/bin/sh\nexec {sys.executable} -c "{code}; exec(sys.argv[1])" "$2"\n')
    old.chmod(0o755)
    for python, words in (("/nowhere/python3", "no /nowhere/python3"), (str(old), "Python 3.6")):
        (home / "hosts.toml").write_text(sshd.entry(python=python))
        answer = engine("watch", "--host", "far", *script())
        assert answer.status == 2 and words in answer.err, answer.err
    assert not list(logs_folder().glob("*-*"))


def test_a_login_shell_that_prints_is_listened_past(
    engine: Engine, home: Path, tmp_path: Path
) -> None:
    noisy = tmp_path / "noisy.sh"
    noisy.write_text("#!/bin/sh\necho Welcome; yes noise | head -2000; yes err | head -2000 >&2\n")
    noisy.write_text(noisy.read_text() + 'exec sh -c "$SSH_ORIGINAL_COMMAND"\n')
    noisy.chmod(0o755)
    far = sshds.made(tmp_path / "far", f"ForceCommand {shlex.quote(str(noisy))}")
    far.start()
    try:
        (home / "hosts.toml").write_text(far.entry())
        answer = engine("watch", "--host", "far", "--wait", *script())
        assert answer.status == 0, answer.err
    finally:
        far.stop()


def test_what_a_host_has_is_told(engine: Engine, sshd: Sshd) -> None:
    (found,) = engine("hosts", "test", "far", "--json").valid("hosts-test")
    assert found["programs"]["tar"] and abs(found["clock_offset_s"]) < 5
    assert engine("hosts", "ls", "--json").valid("hosts-ls")[0]["name"] == "far"
    assert "far" in engine("hosts", "ls").out


def test_its_own_ssh_config_leads_there(
    engine: Engine, sshd: Sshd, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Host, Port, IdentityFile and ProxyJump by the user's own file; ssh itself is told where that is."""
    known = tmp_path / "known"
    host = (sshd.folder / "host.pub").read_text().split()
    known.write_text(f"[127.0.0.1]:{sshd.port} {host[0]} {host[1]}\n")
    config = tmp_path / "config"
    common = f"IdentityFile {sshd.key}\nUserKnownHostsFile {known}\nPort {sshd.port}\nUser root\n"
    config.write_text(
        f"Host hop\nHostname 127.0.0.1\n{common}\nHost box\nHostname 127.0.0.1\nProxyJump hop\n{common}"
    )
    real = subprocess.run(
        ["which", "ssh"], capture_output=True, text=True, check=True
    ).stdout.strip()
    (tmp_path / "bin").mkdir()
    shim = tmp_path / "bin" / "ssh"
    shim.write_text(f'#!/bin/sh\nexec {real} -F {config} "$@"\n')
    shim.chmod(0o755)
    monkeypatch.setenv("PATH", f"{shim.parent}:{os.environ['PATH']}")
    (home / "hosts.toml").write_text('[box]\naddress = "box"\n')
    answer = engine("hosts", "test", "box")
    assert answer.status == 0, answer.err
    assert (sshd.folder / "log").read_text().count("Accepted publickey") == 2


def test_the_project_goes_along_once_and_each_run_has_a_copy_of_its_own(
    engine: Engine, sshd: Sshd, project: Path
) -> None:
    (project / "words.txt").write_text("hello from here")
    (project / "train.py").write_text("print(open('words.txt').read()); open('made', 'w')\n")
    (project / "p.toml").write_text(
        f"recipe = 'command'\n[command]\nargv = ['{sys.executable}', 'train.py']\n"
    )
    folders = []
    for _ in range(2):
        answer = engine("launch", "p.toml", "--host", "far", "--follow")
        assert answer.status == 0 and "hello from here" in answer.err, answer.err
        folders.append(sshd.home / ".cockpit" / "runs" / answer.out.split()[0] / "work")
    assert all((folder / "made").exists() for folder in folders)
    (release,) = (sshd.home / ".cockpit" / "releases").iterdir()
    assert sorted(path.name for path in release.iterdir()) == ["p.toml", "train.py", "words.txt"]


def test_it_goes_on_from_a_checkpoint_that_lies_there(
    engine: Engine, sshd: Sshd, project: Path
) -> None:
    trainer = Path(sshds.__file__).with_name("trainer.py")
    words = f"'{sys.executable}', '{trainer}', '--out', 'out', '--steps', '400', '--gap', '0.02'"
    (project / "p.toml").write_text(
        f"recipe = 'command'\n[command]\nargv = [{words}, '--every', '5']\n"
        "resume = ['--resume', '{path}']\n"
    )
    run = the(engine("launch", "p.toml", "--host", "far").out)
    seen(run, 12)
    assert engine("stop", run.id, "--wait").status == 0
    (row, *_) = engine("checkpoints", run.id, "--json").values()
    assert row["where"] == "far", row
    assert engine("resume", run.id).status == 0
    reader, until = RunReader(run), time.monotonic() + 90
    # The first attempt may have come far before it heard of the stop: only the second one's own word counts.
    while len(found := reader.poll().attempts) < 2 or found[-1].facts.trainer.planned is None:
        assert time.monotonic() < until, "the second attempt tells nothing"
        time.sleep(0.1)
    assert engine("kill", run.id, "--wait").status == 0
    second = RunReader(run).poll().attempts[-1]
    planned = second.facts.trainer.planned
    assert planned is not None and planned.start_step == second.opening.resume_step
    assert (second.opening.resume_step or 0) >= 10
