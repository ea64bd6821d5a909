"""A rule that goes back, for real: the keeper opens a further attempt from the best checkpoint before the alarm."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from engine.reader import RunReader
from engine.runs import Run
from tests.support.cli import Engine, caller
from tests.support.trainer import __file__ as TRAINER

BREAKS = f"""
import importlib.util, os, signal, sys, time
spec = importlib.util.spec_from_file_location("trainer", {TRAINER!r})
trainer = importlib.util.module_from_spec(spec); spec.loader.exec_module(trainer)
told, tell = [], trainer.tell
def breaking(**fields):
    if "loss" in fields and "--resume" not in sys.argv and fields["step"] > 12:
        fields["loss"] = "nan"; time.sleep(0.2)
    tell(**fields)
trainer.tell = breaking
sys.exit(trainer.main())
"""


@pytest.fixture
def engine(capsys: pytest.CaptureFixture[str]) -> Engine:
    return caller(capsys)


def test_nan_goes_back_to_what_was_saved_before_it_and_on_to_the_end(
    engine: Engine, home: Path, tmp_path: Path
) -> None:
    script, profile = tmp_path / "breaks.py", tmp_path / "breaks.toml"
    script.write_text(BREAKS)
    argv = [sys.executable, str(script), "--out", str(tmp_path / "out"), "--steps", "60"]
    lines = [
        'name = "breaks"',
        'recipe = "command"',
        "[command]",
        f"argv = {argv}",
        'resume = ["--resume", "{path}"]',
        "[recover]",
        "backoff_s = 0.1",
        "[alerts.actions]",
        'nan = "rollback"',
    ]
    profile.write_text("\n".join(lines).replace("'", '"'))
    answer = engine("launch", str(profile), "--wait")
    assert answer.status == 0, answer.err
    view = RunReader(Run(home / "logs" / answer.out.split()[0])).poll()
    first, second = view.attempts
    [rule] = first.facts.runner.rules
    assert (rule.alarm, rule.action) == ("nan", "rollback")
    assert (second.opening.reason, second.opening.resume_step) == ("diverged", 10)
    assert second.facts.tally.first_step == 11 and view.step == 60
