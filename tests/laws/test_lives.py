"""Law 9: kill anything at any moment; the run ends in a known state and no event is lost or doubled."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.soak import lives
from tests.support.builds import Patch, broken

KILLS = 2000 if os.environ.get("SOAK") else 100

ROUNDS = 20
"""Most that a control takes to be caught: a few kills hit the weak moment only now and then."""

STARTS_TWICE: Patch = {
    "runner/launch.py": ("system.lock(fd)", "bool(os.fstat(fd))"),
    "runner/decide.py": (
        "    if found.ended:\n        return Decision.CLOSE\n    if found.alive:\n        return Decision.ADOPT\n",
        "    if found.ended:\n        return Decision.CLOSE\n    if found.lock_free:\n        return Decision.START\n",
    ),
}
FORGETS_CHECKPOINTS: Patch = {
    "checkpoints/choosing.py": (
        "sorted(known, key=_step, reverse=True)",
        "sorted(known, key=_step)",
    ),
}


@pytest.mark.timeout(600 if KILLS == 100 else 7200)
def test_runs_survive_the_killing_of_everybody(tmp_path: Path) -> None:
    outcome = lives.run(KILLS, 20260921, tmp_path)
    print(outcome.line())
    assert outcome.violations == []
    assert outcome.totals["kills"] >= KILLS


@pytest.mark.timeout(300)
@pytest.mark.leaves("a broken build leaves trainers behind")
@pytest.mark.parametrize(
    ("patch", "words"),
    [(STARTS_TWICE, "trainers"), (FORGETS_CHECKPOINTS, "was saved")],
    ids=["a second trainer", "an old checkpoint"],
)
def test_a_broken_build_is_caught(tmp_path: Path, patch: Patch, words: str) -> None:
    build = broken(tmp_path / "build", patch)
    found = (fault for seed in range(ROUNDS) for fault in _faults(seed, tmp_path, build))
    assert any(words in fault for fault in found)


def _faults(seed: int, tmp_path: Path, build: Path) -> list[str]:
    home = tmp_path / f"lives{seed}"
    home.mkdir()
    return lives.run(20, seed, home, build).violations
