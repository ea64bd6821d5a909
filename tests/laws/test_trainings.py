"""Law 10: a resumed run continues the loss sequence of the uninterrupted one exactly, whatever killed it and when."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.soak import trainings
from tests.support.builds import Patch, broken

KILLS = 50
# Three trainings of torch twice over, killed in between, take longer than everything else here together.
pytestmark = pytest.mark.skipif(not os.environ.get("SOAK"), reason="a soak: make soak runs it")

FORGETS_MOMENTS: Patch = {"train/state.py": ("    _fit_optimizer(run, optimizer)\n", "")}


@pytest.mark.timeout(14_400)
def test_a_killed_training_is_the_one_that_nobody_touched(tmp_path: Path) -> None:
    outcome = trainings.run(KILLS, 20260921, tmp_path)
    print(outcome.line())
    assert outcome.violations == []
    assert outcome.totals["kills"] >= len(trainings.NAMES), "they were killed at all"


@pytest.mark.timeout(600)
def test_a_resume_that_forgets_is_caught(tmp_path: Path) -> None:
    build = broken(tmp_path / "build", FORGETS_MOMENTS)
    (tmp_path / "place").mkdir()
    outcome = trainings.run(1, 7, tmp_path / "place", ("london",), build)
    assert any("not the same run" in violation for violation in outcome.violations)
