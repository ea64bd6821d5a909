"""What somebody started by hand on another machine is found there, watched, stopped, and never started again."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from engine.reader import RunReader
from engine.runs import Run, logs_folder
from tests.engine.cli.test_adopt import seen, training
from tests.support.cli import Engine
from tests.support.sshd import Sshd

pytestmark = pytest.mark.needs("sshd", "ssh")


def test_a_training_there_is_adopted_by_its_log_watched_and_stopped(
    engine: Engine, sshd: Sshd
) -> None:
    folder = sshd.home / "by hand"
    folder.mkdir()
    with training(folder, "exec {python} > train.log 2>&1") as process:
        log = folder / "train.log"
        answer = engine("adopt", "--host", "far", "--log", str(log), "--json")
        assert answer.status == 0, answer.err
        assert "exit status" in answer.err and "checkpoint-*" in answer.err
        run = Run(logs_folder() / answer.valid("launch")[0]["run"])
        seen(run, 10)
        (table,) = engine("status", run.id, "--json").valid("status")
        assert (table["state"], table["host"], table["total"]) == ("running", "far", 99999)
        assert table["alive"]["pid"] == process.pid
        copy = run.attempt(1).console.read_bytes()
        assert copy and log.read_bytes().startswith(copy)
        names = [one["name"] for one in engine("checkpoints", run.id, "--json").values()]
        assert "checkpoint-5" in names
        assert engine("stop", run.id, "--wait").status == 0
        (table,) = engine("status", run.id, "--json").valid("status")
        assert (table["word"], len(table["attempts"])) == ("STOPPED", 1)
        process.wait(10)


def test_two_that_run_there_are_two_runs_and_one_that_ends_leaves_the_other(
    engine: Engine, sshd: Sshd
) -> None:
    folders = [sshd.home / name for name in ("one", "two")]
    for folder in folders:
        folder.mkdir()
    shell = "exec {python} > train.log 2>&1"
    with training(folders[0], shell) as first, training(folders[1], shell) as second:
        runs = []
        for process in (first, second):
            answer = engine("adopt", "--host", "far", "--pid", str(process.pid))
            assert answer.status == 0, answer.err
            runs.append(Run(logs_folder() / answer.out.split()[0]))
        for run in runs:
            seen(run, 10)
        os.kill(first.pid, 15)
        first.wait(10)
        assert engine("wait", runs[0].id).status == 3
        assert RunReader(runs[1]).poll().last.facts.runner.exit is None  # type: ignore[union-attr]
        assert second.poll() is None
        assert engine("stop", runs[1].id, "--wait").status == 0


def test_what_does_not_run_there_cannot_be_adopted(engine: Engine, sshd: Sshd) -> None:
    old = sshd.home / "old.log"
    old.write_text("step 1 loss 2\n")
    for words, said in (
        (["--log", str(old)], "no process writes"),
        (["--pid", "999999999"], "no process"),
    ):
        answer = engine("adopt", "--host", "far", *words)
        assert answer.status == 2 and said in answer.err and "far" in answer.err, answer.err
    assert not list(Path(logs_folder()).glob("*-*"))
