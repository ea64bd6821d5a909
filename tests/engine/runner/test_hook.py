"""The file on a script's PYTHONPATH: exact rows out of a real Trainer, and no script that notices it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import engine as package
from engine.hearing import hear
from engine.runner import launch
from engine.runner.folder import Folder
from engine.runner.job import of
from engine.runs import Run
from tests.support.cli import Engine, caller

HOOK = Path(package.__file__).parent / "runner" / "hook"
TRAINER = Path(__file__).parents[1] / "dialects" / "trainers" / "transformers_trainer.py"


@pytest.fixture
def engine(capsys: pytest.CaptureFixture[str]) -> Engine:
    return caller(capsys)


def python(tmp_path: Path, code: str, **env: str) -> subprocess.CompletedProcess[str]:
    around = {"PYTHONPATH": f"{HOOK}{os.pathsep}{tmp_path}", "PATH": os.environ["PATH"], **env}
    done = subprocess.run([sys.executable, "-c", code], env=around, capture_output=True, text=True)
    return done


def test_a_trainers_metrics_are_exact_and_its_checkpoints_known(
    engine: Engine, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    answer = engine("watch", "--wait", "--", sys.executable, str(TRAINER), "out")
    assert answer.status == 0, answer.err
    (table,) = engine("status", "@", "--json").valid("status")
    assert (table["step"], table["total"], table["word"]) == (16, 16, "DONE")
    assert [(one["name"], one["step"]) for one in table["checkpoints"]] == [
        ("checkpoint-8", 8),
        ("checkpoint-16", 16),
    ]
    rows = engine("tail", "@", "--metrics", "--json").valid("tail-metrics")
    losses = {row["step"]: row["loss"] for row in rows if "loss" in row}
    assert list(losses) == [2, 4, 6, 8, 10, 12, 14, 16]
    assert all(round(loss, 4) != loss for loss in losses.values()), "not rounded"
    assert table["metrics"]["learning_rate"] == 3.125e-06
    heard = hear(Run(home / "logs" / table["run"]))
    assert (heard.source, heard.dialect, heard.compared, heard.differing) == ("trainer", "hf", 8, 0)


def test_the_profile_and_the_environment_can_leave_it_out(tmp_path: Path) -> None:
    folder = Folder(str(tmp_path / "1"))
    (tmp_path / "1").mkdir()
    body = {"run": "r", "argv": ["x"], "cwd": "/", "env": {"PYTHONPATH": "mine"}}
    with_it = launch.environment({}, of({**body, "log": {"hook": True}}), {}, folder)
    assert with_it["PYTHONPATH"] == f"{folder.hook}{os.pathsep}mine"
    laid = Path(folder.hook, "sitecustomize.py").read_bytes()
    assert laid == (HOOK / "sitecustomize.py").read_bytes()
    assert (
        launch.environment({}, of({**body, "log": {"hook": False}}), {}, folder)["PYTHONPATH"]
        == "mine"
    )
    code = "import sys; print([type(one).__name__ for one in sys.meta_path if 'Finder' == type(one).__name__])"
    assert python(tmp_path, code, COCKPIT_EVENTS="/x").stdout == "['Finder']\n"
    assert python(tmp_path, code, COCKPIT_EVENTS="/x", COCKPIT_HOOK="0").stdout == "[]\n"


def test_a_sitecustomize_that_it_hides_is_run(tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text("print('mine')\n")
    assert python(tmp_path, "print('script')").stdout == "mine\nscript\n"


FAKE = """
class TrainerCallback: pass
DEFAULT_CALLBACKS = []
"""
SCRIPT = """
import transformers.trainer as t
(kind,) = t.DEFAULT_CALLBACKS
class S: global_step, epoch, max_steps, is_world_process_zero = 3, 0.5, 9, True
class A: output_dir, world_size = "nowhere", 1
one = kind()
one.on_train_begin(A, S, None, model=None)
one.on_log(A, S, None, logs={'loss': float('nan'), 'lr_text': 'x', 'flag': True, 'grad_norm': 2})
one.on_log(None, None, None, logs={'loss': 1})
one.on_save(A, S, None)
one.on_train_end(A, S, None)
print(t.__spec__.loader.__class__.__name__, t.__loader__ is t.__spec__.loader)
"""


def test_what_goes_wrong_inside_it_never_reaches_the_script(tmp_path: Path) -> None:
    """A trainer of another version, as far as the hook can see it: things are missing, and the disk says no."""
    (tmp_path / "transformers").mkdir()
    (tmp_path / "transformers" / "__init__.py").write_text("")
    (tmp_path / "transformers" / "trainer.py").write_text(FAKE)
    events = tmp_path / "events"
    done = python(tmp_path, SCRIPT, COCKPIT_EVENTS=str(events))
    assert (done.stdout, done.stderr, done.returncode) == ("SourceFileLoader True\n", "", 0)
    lines = events.read_text().splitlines()
    assert [line[: line.rindex(', "t"')] for line in lines] == [
        '{"e": "planned", "total": 9, "world": 1, "start_step": 3',
        '{"step": 3, "epoch": 0.5, "loss": "nan", "grad_norm": 2.0',
        '{"e": "finished", "step": 3',
    ]
    done = python(tmp_path, SCRIPT, COCKPIT_EVENTS=str(tmp_path / "no" / "folder"))
    assert (done.stdout, done.stderr, done.returncode) == ("SourceFileLoader True\n", "", 0)
    (tmp_path / "transformers" / "trainer.py").write_text("x = 1\n")
    done = python(tmp_path, "import transformers.trainer as t; print(t.x)", COCKPIT_EVENTS="/x")
    assert (done.stdout, done.stderr) == ("1\n", "")


def test_an_import_that_fails_fails_as_before(tmp_path: Path) -> None:
    code = "import importlib.util as u; print(u.find_spec('lightning'))"
    assert python(tmp_path, code, COCKPIT_EVENTS="/x").stdout == "None\n"
    (tmp_path / "transformers").mkdir()
    (tmp_path / "transformers" / "__init__.py").write_text("")
    (tmp_path / "transformers" / "trainer.py").write_text("raise ValueError('theirs')\n")
    done = python(tmp_path, "import transformers.trainer", COCKPIT_EVENTS="/x")
    assert done.returncode == 1 and done.stderr.endswith("ValueError: theirs\n")
