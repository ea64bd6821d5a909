"""A twentieth of the kills that `make soak` does, and broken builds that the same code catches."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.engine.runner.attempts import Fault, broken
from tests.soak import kills

SEED = int(os.environ.get("SOAK_SEED", "20261121"))
SOAK = bool(os.environ.get("SOAK"))
COUNT = 100
PROMISED = 2000


@pytest.mark.timeout(3600 if SOAK else 300)
def test_whoever_is_killed_the_files_tell_what_happened(tmp_path: Path) -> None:
    outcome = kills.run(PROMISED if SOAK else COUNT, SEED, tmp_path)
    print(outcome.line())
    assert outcome.violations == []


BROKEN: dict[str, list[Fault]] = {
    "starts again what it cannot see": [
        ("runner/decide.py", "    if found.alive:\n        return Decision.ADOPT\n", ""),
        ("runner/launch.py", "system.lock(fd)", "True"),
        ("runner/decide.py", "    if found.pid_written or found.said:\n", "    if found.ended:\n"),
    ],
    "records an end again": [
        (
            "runner/post.py",
            'if line.endswith(b"\\n") and not line.startswith(_FREQUENT):',
            "if False:",
        ),
    ],
    "takes an unseen end for a good one": [
        (
            "runner/watch.py",
            "or Ending(None, None)",
            "or Ending(0, None)",
        ),
    ],
}


@pytest.mark.timeout(300)
@pytest.mark.parametrize("fault", BROKEN)
def test_a_build_that(fault: str, tmp_path: Path) -> None:
    """The control."""
    build = broken(tmp_path, *BROKEN[fault])
    assert kills.run(COUNT // 2, SEED, tmp_path, build).violations
