"""What a machine made comes here, whole and compared, over a real sshd."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import pytest

from engine.reader import RunReader
from engine.runs import Run, logs_folder
from engine.scalars.saves import SaveFacts
from tests.support import sshd as sshds
from tests.support.cli import Engine
from tests.support.sshd import Sshd

pytestmark = pytest.mark.needs("sshd", "ssh", "rsync")
TRAINER = Path(sshds.__file__).with_name("trainer.py")


def the(run_id: str) -> Run:
    return Run(logs_folder() / run_id.split()[0])


def saves(run: Run) -> SaveFacts:
    return RunReader(run).poll().keeper.saves


def profile(project: Path, argv: list[str], more: str = "") -> str:
    (project / "p.toml").write_text(
        f"recipe = 'command'\n[command]\nargv = {json.dumps(argv)}\n{more}\n"
    )
    return "p.toml"


def going(engine: Engine, project: Path) -> Run:
    """A run on the machine that has begun and goes on, with a result beside its checkpoints."""
    argv = [sys.executable, str(TRAINER), "--out", "out", "--steps", "3000", "--gap", "0.01"]
    words = profile(project, argv, '[workspace]\npull = ["*.txt"]')
    (project / "notes.txt").write_text("first")
    run = the(engine("launch", words, "--host", "far").out)
    reader = RunReader(run)
    while (reader.poll().step or 0) < 12:
        pass
    return run


def test_the_last_checkpoint_is_here_when_the_run_is_closed(
    engine: Engine, sshd: Sshd, project: Path
) -> None:
    argv = [sys.executable, str(TRAINER), "--out", "out", "--steps", "20", "--every", "5"]
    run = the(engine("launch", profile(project, argv), "--host", "far", "--wait").out)
    (pulled,) = saves(run).pulled
    assert (pulled.step, pulled.way, pulled.files) == (20, "ssh", 2)
    copy = Path(pulled.copy)
    assert copy == run.pulled / "1" / "step-000020"
    there = sshd.home / ".cockpit" / "runs" / run.id / "work" / "out" / copy.name
    for name in ("MANIFEST.json", "state.json"):
        assert (copy / name).read_bytes() == (there / name).read_bytes()
    (table,) = engine("status", run.id, "--json").valid("status")
    newest = table["checkpoints"][-1]
    assert newest["verified"] is True and "this disk" in newest["where"]


SCRIPT = """
import pathlib, time
out = pathlib.Path("out"); out.mkdir()
for step in (10, 20):
    folder = out / f"checkpoint-{step}"; folder.mkdir()
    (folder / "trainer_state.json").write_text('{"global_step": %d, "log_history": []}' % step)
    head = b'{"w":{"dtype":"F32","shape":[250],"data_offsets":[0,1000]}}'
    tensors = len(head).to_bytes(8, "little") + head + b"o" * 1000
    (folder / "model.safetensors").write_bytes(tensors)
pathlib.Path("metrics.csv").write_text("step,loss\\n1,2\\n")
pathlib.Path("report.md").write_text("fine")
(out / "later").symlink_to("/etc")
print("step 20/20 loss 1.0", flush=True)
"""


def test_a_scripts_own_checkpoint_its_results_and_the_artifacts_come(
    engine: Engine, sshd: Sshd, project: Path
) -> None:
    more = """[checkpoints]\nglob = "out/checkpoint-*"
[workspace]\npull = ["*.csv", "out/later"]\n[artifacts]\nexpect = ["report.md", "missing.md"]"""
    (project / "train.py").write_text(SCRIPT)
    words = profile(project, [sys.executable, "train.py"], more)
    run = the(engine("launch", words, "--host", "far", "--wait").out)
    view = RunReader(run).poll()
    copy = run.pulled / "1" / "checkpoint-20"
    assert (copy / "model.safetensors").read_bytes().endswith(b"o" * 1000)
    (committed,) = view.keeper.saves.commits
    assert (committed.path, committed.step) == (str(copy), 20)
    files = {path.name for path in (run.pulled / "files").rglob("*") if path.is_file()}
    assert files == {"metrics.csv", "report.md"}, "a folder's link leads out of the project"
    checked = view.keeper.artifacts
    assert checked is not None and (checked.found, checked.missing) == (
        ("report.md",),
        ("missing.md",),
    )
    (table,) = engine("status", run.id, "--json").valid("status")
    assert table["word"] == "INCOMPLETE" and table["checkpoints"][-1]["verified"] is True


def test_it_is_asked_for_while_it_runs_and_again_after_its_end(
    engine: Engine, sshd: Sshd, project: Path
) -> None:
    run = going(engine, project)
    told = engine("pull", run.id, "--dry-run", "--json").valid("pull-outlook")
    assert {one["kind"] for one in told} == {"checkpoint", "result"}
    came = engine("pull", run.id, "--json").valid("pull")
    assert len(came) == 2 and all(Path(one["copy"]).exists() for one in came)
    assert engine("stop", run.id, "--wait").status == 0
    there = sshd.home / ".cockpit" / "runs" / run.id / "work"
    (there / "notes.txt").write_text("other")  # as long as before
    (again,) = engine("pull", run.id, "--json").valid("pull")
    assert again["files"] == 1
    assert (run.pulled / "files" / "notes.txt").read_text() == "other"
    assert engine("pull", run.id).err.strip().endswith("everything is here")
    here = engine("launch", profile(project, [sys.executable, "-c", "1"]), "--wait")
    assert engine("pull", here.out.split()[0]).status == 2


def test_a_release_goes_ahead_of_its_run(engine: Engine, sshd: Sshd, project: Path) -> None:
    words = profile(project, [sys.executable, "-c", "print(open('word').read())"])
    (project / "word").write_text("hello")
    for expected, more in ((False, ["--dry-run"]), (True, []), (False, [])):
        answer = engine("push", words, "--host", "far", "--json", *more)
        (table,) = answer.valid("push")
        assert table["sent"] is expected, answer.err
    assert os.listdir(sshd.home / ".cockpit" / "releases") == [table["digest"]]
