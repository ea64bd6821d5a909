"""Adopting what somebody started by hand: real processes, found by pid, by log, and in a tmux pane."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from engine import adopting
from engine.errors import Unusable
from engine.reader import RunReader
from engine.runs import Run
from tests.support.cli import Engine

SCRIPT = """
import pathlib, sys, time
out = pathlib.Path(sys.argv[sys.argv.index("--output_dir") + 1])
for step in range(1, 100_000):
    print(f"step {step}/99999 loss {3 / step:.4f}", flush=True)
    if step % 5 == 0:
        (out / f"checkpoint-{step}").mkdir(parents=True, exist_ok=True)
    time.sleep(0.05)
"""


@contextmanager
def training(folder: Path, shell: str) -> Iterator[subprocess.Popen[bytes]]:
    """As a person starts it, in a session that is not its own."""
    (folder / "train.py").write_text(SCRIPT)
    line = shell.format(python=f"{sys.executable} train.py --output_dir out")
    process = subprocess.Popen(["sh", "-c", line], cwd=folder, start_new_session=True)
    try:
        until = time.monotonic() + 30
        while not list(folder.glob("out/*")):
            assert time.monotonic() < until, "it does not train"
            time.sleep(0.05)
        yield process
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, 9)
        process.wait()


def seen(run: Run, step: int) -> None:
    reader, until = RunReader(run), time.monotonic() + 60
    while (reader.poll().step or 0) < step:
        assert time.monotonic() < until, "nothing of it is seen"
        time.sleep(0.1)


@pytest.mark.parametrize(
    "shell", ["exec {python} > train.log 2>&1", "{python} 2>&1 | tee train.log > /dev/null"]
)
def test_it_is_found_by_its_log_watched_and_stopped(
    shell: str, engine: Engine, logs: Path, tmp_path: Path
) -> None:
    with training(tmp_path, shell) as process:
        answer = engine("adopt", "--log", str(tmp_path / "train.log"), "--json")
        assert answer.status == 0, answer.err
        run = Run(logs / answer.valid("launch")[0]["run"])
        assert "exit status" in answer.err and "checkpoint-*" in answer.err
        seen(run, 10)
        (table,) = engine("status", "@", "--json").valid("status")
        assert (table["state"], table["total"], table["profile"]) == ("running", 99999, "train")
        pid = table["alive"]["pid"]
        assert f"{tmp_path}/out/checkpoint-5" in [one["path"] for one in table["checkpoints"]]
        assert Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")[1] == b"train.py"
        log = (tmp_path / "train.log").read_bytes()
        assert log.startswith(run.attempt(1).console.read_bytes()[:100])
        engine("stop", "@", "--wait")
        (table,) = engine("status", "@", "--json").valid("status")
        assert (table["word"], len(table["attempts"])) == ("STOPPED", 1)
        if "tee" not in shell:
            process.wait(10)


def test_its_end_is_seen_and_its_exit_status_is_not_guessed(
    engine: Engine, logs: Path, tmp_path: Path
) -> None:
    with training(tmp_path, "{python} > train.log 2>&1; exec sleep 100") as process:
        pid = adopting.find(None, tmp_path / "train.log").process.pid
        assert pid != process.pid
        run = Run(logs / engine("adopt", "--pid", str(pid)).out.strip())
        seen(run, 10)
        os.kill(pid, 15)
        assert engine("wait", "@").status == 3
        (table,) = engine("status", "@", "--json").valid("status")
        assert table["exit"]["code"] is None and "unknown" in table["reason"]
        assert process.poll() is None, "the shell around it is none of ours"


@pytest.mark.needs("tmux")
def test_a_tmux_pane_is_read_from_its_history_on(
    engine: Engine, logs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TMUX_TMPDIR", str(tmp_path))
    (tmp_path / "train.py").write_text(SCRIPT)
    subprocess.run(["tmux", "new-session", "-d", "-s", "t", "-c", str(tmp_path)], check=True)
    try:
        keys = f"{sys.executable} train.py --output_dir out"
        subprocess.run(["tmux", "send-keys", "-t", "t", keys, "Enter"], check=True)
        until = time.monotonic() + 30
        while not list(tmp_path.glob("out/*")):
            assert time.monotonic() < until
            time.sleep(0.1)
        answer = engine("adopt", "--tmux", "t")
        assert answer.status == 0, answer.err
        run = Run(logs / answer.out.strip())
        seen(run, 12)
        steps = [
            row["step"] for row in engine("tail", "@", "--metrics", "--json").valid("tail-metrics")
        ]
        assert steps[:5] == [1, 2, 3, 4, 5], "what stood in the pane before"
        engine("kill", "@", "--wait")
    finally:
        subprocess.run(["tmux", "kill-server"], check=False)


def test_what_cannot_be_adopted_says_why(engine: Engine, tmp_path: Path) -> None:
    (tmp_path / "old.log").write_text("step 1 loss 2\n")
    for words, said in (
        ([], "nothing to adopt"),
        (["--log", str(tmp_path / "old.log")], "engine import"),
        (["--log", str(tmp_path / "none.log")], "no file"),
        (["--pid", "999999999"], "no process"),
    ):
        answer = engine("adopt", *words)
        assert (answer.status, said in answer.err) == (2, True), answer.err
    answer = engine("adopt", "--pid", "1", "--host", "far")
    assert answer.status == 4 and "no host" in answer.err


def test_a_terminal_is_no_log(tmp_path: Path) -> None:
    sleeper = subprocess.Popen(
        ["sleep", "60"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        while not Path(f"/proc/{sleeper.pid}/cmdline").read_bytes():
            time.sleep(0.01)
        found = adopting.find(sleeper.pid, None)
        assert found.log is None and any("prints" in one for one in found.unknown)
        with pytest.raises(Unusable):
            adopting.find(None, None)
    finally:
        sleeper.kill()
        sleeper.wait()
