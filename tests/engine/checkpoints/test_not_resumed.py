"""A script whose resume does not resume, in its three forms, and the same script with a patch: real processes."""

from __future__ import annotations

import hashlib
import os
import shutil
import signal
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from engine import procs
from engine.reader import RunReader
from engine.runs import Run
from tests.support.cli import Engine

SUPPORT = Path(__file__).parents[2] / "support"
FORMS = {
    "by name": '["--resume_from_checkpoint", "{name}"]',
    "by itself": '["--max_iters", "400"]',
    "by path": '["--resume_from_checkpoint", "{path}"]',
}


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "project"
    folder.mkdir()
    shutil.copy(SUPPORT / "london.py", folder / "train.py")
    monkeypatch.chdir(folder)
    return folder


def profile(project: Path, resume: str, *more: str) -> str:
    path = project / "london.toml"
    words = [sys.executable, "train.py", "--max_iters", "400"]
    lines = [
        'name = "london"',
        'recipe = "command"',
        "[command]",
        f"argv = {words!r}".replace("'", '"'),
        f"resume = {resume}",
        *more,
        "[checkpoints]",
        'glob = ["out/checkpoint-*.pt"]',
    ]
    path.write_text("\n".join(lines) + "\n")
    return str(path)


def trained(engine: Engine, logs: Path, profile: str, step: int = 70) -> Run:
    """A run that was killed from outside once it had come so far."""
    run = Run(logs / engine("launch", profile).out.strip())
    reader, until = RunReader(run), time.monotonic() + 60
    while True:
        assert time.monotonic() < until, "the trainer makes no steps"
        view = reader.poll()
        # the last log line comes long before the next save
        if (view.step or 0) >= step and view.last and view.last.facts.runner.trainer:
            assert procs.signal(view.last.facts.runner.trainer, signal.SIGKILL)
            break
        time.sleep(0.02)
    assert engine("wait", run.id).status == 1
    return run


def hashes(project: Path) -> dict[str, str]:
    return {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest()
        for path in (project / "out").glob("checkpoint-*.pt")
    }


def judged(run: Run) -> Any:
    last = RunReader(run).poll().last
    assert last is not None
    return last.facts.runner.resume


@pytest.mark.parametrize("form", FORMS)
def test_each_form_ends_as_not_resumed_with_every_checkpoint_intact(
    form: str, engine: Engine, logs: Path, project: Path
) -> None:
    run = trained(engine, logs, profile(project, FORMS[form]))
    before = hashes(project)
    assert sorted(before) == ["checkpoint-20.pt", "checkpoint-40.pt", "checkpoint-60.pt"]
    began = time.monotonic()
    answer = engine("resume", "@", "--wait", "--json")
    assert answer.status == 8, answer.err
    assert time.monotonic() - began < 60
    table = answer.values()[-1]
    assert (table["word"], table["exit_status"]) == ("NOT RESUMED", 8)
    said = judged(run)
    assert (said.verdict, said.step, "step" in said.failed) == ("refuted", 0, True)
    assert "step 0 instead of 60 to 70" in said.detail
    after = hashes(project)
    assert {name: after.get(name) for name in before} == before
    listed = {one["name"]: one for one in engine("checkpoints", "@", "--json").values()}
    assert all(listed[name]["verified"] for name in before)


def test_what_the_script_destroyed_before_it_was_stopped_is_put_back(
    engine: Engine, logs: Path, project: Path
) -> None:
    """It restarts in silence, overwrites two checkpoints and deletes others before its first line is printed."""
    run = trained(engine, logs, profile(project, '["--quiet", "45"]'))
    before = hashes(project)
    assert engine("resume", "@", "--wait").status == 8
    after = hashes(project)
    assert {name: after.get(name) for name in before} == before
    facts = RunReader(run).poll().keeper.saves
    assert len(facts.restored) >= 2 and all(one.copy for one in facts.protected)
    assert all("which did not resume" in one.reason for one in facts.aside)


def test_by_path_with_the_patch_the_proof_holds(engine: Engine, logs: Path, project: Path) -> None:
    run = trained(engine, logs, profile(project, FORMS["by path"]))
    source = (project / "train.py").read_bytes()
    patch = str(SUPPORT / "london.diff")
    refused = engine("resume", "@", "--patch", patch)
    assert refused.status == 2 and "--yes" in refused.err
    assert engine("resume", "@", "--patch", patch, "--yes", "--wait").status == 0
    said = judged(run)
    assert (said.verdict, said.step) == ("proven", 60)
    view = RunReader(run).poll()
    assert view.last is not None and "train.py patched by london" in (
        view.last.opening.change or ""
    )
    assert (project / "train.py").read_bytes() == source
    assert not list(project.glob(".train*"))
    (told,) = view.keeper.saves.certified
    assert told.verdict == "exact but for" and any("random numbers" in w for w in told.changed)


def test_a_rehearsal_sees_it_before_anything_is_started(
    engine: Engine, logs: Path, project: Path
) -> None:
    run = trained(engine, logs, profile(project, FORMS["by path"]))
    before = hashes(project)
    answer = engine("resume", "@", "--rehearse", "--json")
    assert answer.status == 8
    (table,) = answer.valid("rehearsal")
    words = "\n".join(f"{one['mark']} {one['text']}" for one in table["findings"])
    assert "good train.py takes --resume_from_checkpoint" in words
    if "private mounts" not in words:
        assert "bad dry start on the CPU: refuted; step 0 instead of 60 to 70" in words
        patch = str(SUPPORT / "london.diff")
        good = engine("resume", "@", "--rehearse", "--patch", patch, "--json")
        assert good.status == 0 and "proven; step 60 continues 60" in good.out
    assert hashes(project) == before
    assert len(RunReader(run).poll().attempts) == 1
    assert os.listdir(project / "out") and not list(project.glob(".train*"))
