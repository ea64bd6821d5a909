"""Killed at random moments and resumed by `engine resume @` until done: the stitched curve is the uninterrupted one.

One kill each in the suite, ten under `SOAK=1`, by the same code.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from engine import procs
from engine.events.runner import ResumeJudged
from engine.reader import RunReader
from engine.runs import Run
from tests.support.cli import Engine

ROOT = Path(__file__).parents[3]
KILLS = 10 if os.getenv("SOAK") else 1
SCRIPT = """
name = "{name}"
recipe = "command"
[command]
argv = [{python}, "train.py"]
resume = ["{flag}", "{{path}}"]
env = {{ PYTHONPATH = {root}, OMP_NUM_THREADS = "1" }}
[checkpoints]
glob = ["{glob}"]
"""
OWN = """
name = "own"
recipe = "pretrain"
[model.from_scratch]
layers = 1
heads = 2
width = 32
[data]
train = [{text}]
max_length = 32
[train]
micro_batch = 2
max_steps = 60
threads = 1
[save]
every_steps = 5
keep = 3
"""
FORMS = {
    "nanogpt": ("nanogpt.py", "--resume", "out/ckpt.pt"),
    "trainer": ("hf_trainer.py", "--resume_from_checkpoint", "out/checkpoint-*"),
}


def profile(folder: Path, form: str) -> str:
    folder.mkdir()
    path = folder / "profile.toml"
    if form == "own":
        path.write_text(OWN.format(text=json.dumps(str(ROOT / "profiles" / "demo.txt"))))
        return str(path)
    script, flag, glob = FORMS[form]
    shutil.copy(ROOT / "tests" / "support" / script, folder / "train.py")
    words = {"python": json.dumps(sys.executable), "root": json.dumps(str(ROOT))}
    path.write_text(SCRIPT.format(name=form, flag=flag, glob=glob, **words))
    return str(path)


def until(run: Run, step: int) -> bool:
    """It has come so far; False when it has ended before."""
    reader, end = RunReader(run), time.monotonic() + 100
    while time.monotonic() < end:
        view = reader.poll()
        last = view.last
        if last is not None and last.facts.runner.exit is not None:
            return False
        if last is not None and (last.facts.tally.step or 0) >= step:
            return True
        time.sleep(0.02)
    raise AssertionError("the trainer makes no steps")


def kill(run: Run) -> None:
    last = RunReader(run).poll().last
    assert last is not None and last.facts.runner.trainer is not None
    procs.signal(last.facts.runner.trainer, signal.SIGKILL)


def curve(engine: Engine, run: Run) -> dict[int, float]:
    """Each step's loss as it was trained last."""
    rows = engine("tail", run.id, "--metrics", "--json").values()
    return {row["step"]: row["loss"] for row in rows if "loss" in row}


def judgements(run: Run) -> list[ResumeJudged]:
    attempts = RunReader(run).poll().attempts[1:]
    return [a.facts.runner.resume for a in attempts if a.facts.runner.resume is not None]


@pytest.mark.timeout(3600 if os.getenv("SOAK") else 300)
@pytest.mark.parametrize("form", ["nanogpt", "own", "trainer"])
def test_the_stitched_curve_is_the_uninterrupted_one(
    form: str, engine: Engine, logs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dice = random.Random(f"{form} 3")
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    runs: list[Run] = []
    for name in ("whole", "killed"):
        monkeypatch.chdir(tmp_path)
        path = profile(tmp_path / name, form)
        monkeypatch.chdir(tmp_path / name)
        runs.append(Run(logs / engine("launch", path).out.strip()))
    whole, killed = runs
    total: Any = {"nanogpt": 150, "own": 60, "trainer": 40}[form]
    first = total // 3
    for _ in range(KILLS):
        if not until(killed, dice.randint(first, max(first, total - 8))):
            break
        kill(killed)
        assert engine("wait", killed.id).status == 1
        answer = engine("resume", killed.id)
        assert answer.status == 0, answer.err
    for run in runs:
        assert engine("wait", run.id).status == 0, engine("tail", run.id).out[-3000:]
    assert curve(engine, killed) == curve(engine, whole)
    said = judgements(killed)
    assert said and all(one.verdict == "proven" for one in said), said
