"""A training of our own on a machine that has a Python and nothing of ours; environments are made once."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import pytest

from engine.reader import RunReader
from engine.runs import Run, logs_folder
from tests.support.cli import Engine
from tests.support.sshd import Sshd

pytestmark = pytest.mark.needs("sshd", "ssh")
TINY = """
recipe = "pretrain"
[model.from_scratch]
layers = 1
heads = 2
width = 32
vocab = 300
[data]
train = ["data/text.txt"]
max_length = 32
[train]
max_steps = 6
micro_batch = 2
[save]
every_steps = 3
"""


def the(run_id: str) -> Run:
    return Run(logs_folder() / run_id.split()[0])


@pytest.mark.timeout(240)
def test_a_recipe_runs_there_with_what_runs_here(
    engine: Engine, sshd: Sshd, project: Path, home: Path
) -> None:
    (home / "hosts.toml").write_text(sshd.entry(python=sys.executable))
    (project / "data").mkdir()
    (project / "data" / "text.txt").write_text("a small text to learn by heart. " * 200)
    (project / ".gitignore").write_text("data/\n")
    (project / "tiny.toml").write_text(TINY)
    answer = engine("launch", "tiny.toml", "--host", "far", "--wait", "--follow")
    assert answer.status == 0, answer.err
    run = the(answer.out)
    view = RunReader(run).poll()
    assert view.step == 6 and "Successfully installed training-cockpit" in answer.err
    python = view.attempts[0].opening.argv[0]
    assert str(sshd.home) in python and view.keeper.saves.pulled[-1].step == 6
    assert "pip" in run.setup_log.read_text() and "SYNCING" in answer.err
    again = engine("launch", "tiny.toml", "--host", "far", "--wait")
    assert again.status == 0 and not the(again.out).setup_log.read_text()


OWN = """
recipe = "command"
[command]
argv = ["python", "-c", "import os, sys; print(sys.prefix, open('made').read())"]
[workspace]
push = ["own.toml", "here"]
setup = [["sh", "-c", "echo run >> made; echo making it ready; {more}"]]
"""


def test_the_commands_of_a_profile_run_once_before_it(
    engine: Engine, sshd: Sshd, project: Path, home: Path
) -> None:
    (home / "hosts.toml").write_text(sshd.entry(python=sys.executable))
    (project / "own.toml").write_text(OWN.format(more=""))
    answer = engine("launch", "own.toml", "--host", "far", "--follow")
    assert answer.status == 0, answer.err
    assert "making it ready" in answer.err and ".cockpit/outfits/" in answer.err
    assert (
        sshd.home / ".cockpit/runs" / answer.out.split()[0] / "work/made"
    ).read_text() == "run\n"


def test_a_command_that_fails_is_the_end_and_the_next_launch_tries_again(
    engine: Engine, sshd: Sshd, project: Path, home: Path
) -> None:
    (home / "hosts.toml").write_text(sshd.entry(python=sys.executable))
    (project / "own.toml").write_text(OWN.format(more="test -f here || exit 7"))
    answer = engine("launch", "own.toml", "--host", "far", "--follow")
    assert answer.status == 1 and "NOT PREPARED" in answer.out and "ended with 7" in answer.out
    run = the(answer.out)
    assert not RunReader(run).poll().attempts and "setup.log" in answer.out
    (project / "here").touch()
    assert engine("launch", "own.toml", "--host", "far", "--wait").status == 0


def test_it_can_be_stopped_while_it_is_made_ready(
    engine: Engine, sshd: Sshd, project: Path, home: Path
) -> None:
    (home / "hosts.toml").write_text(sshd.entry(python=sys.executable))
    (project / "own.toml").write_text(OWN.format(more="sleep 4"))
    run = the(engine("launch", "own.toml", "--host", "far").out)
    until = time.monotonic() + 60
    while not run.setup_log.exists() or b"making it ready" not in run.setup_log.read_bytes():
        assert time.monotonic() < until
        time.sleep(0.1)
    (table,) = engine("status", run.id, "--json").valid("status")
    assert (table["state"], table["word"]) == ("syncing", "SYNCING")
    assert engine("stop", run.id, "--wait").status == 0
    (table,) = engine("status", run.id, "--json").valid("status")
    assert table["word"] == "STOPPED"
    while not list((sshd.home / ".cockpit" / "outfits").glob("*/made.json")):
        time.sleep(0.1)  # nobody ends what the next one would have to make again
