"""A training of our own on a machine that has a Python and nothing of ours; environments are made once."""

from __future__ import annotations

import json
import sys
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
    assert view.step == 6 and "machine.pth" not in answer.err
    python = view.attempts[0].opening.argv[0]
    assert str(sshd.home) in python and view.keeper.saves.pulled[-1].step == 6
    assert "pip" in run.setup_log.read_text() and "SYNCING" in answer.err
    again = engine("launch", "tiny.toml", "--host", "far", "--wait")
    assert again.status == 0 and not the(again.out).setup_log.read_text()
