"""The first minutes: what a start costs. What an installation takes is printed by `make release-check`."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys

from tests.bench.figures import Figure
from tests.bench.measure import ROOT

TRIES = 7


def run() -> list[Figure]:
    named = (
        ("engine --help", ["-m", "engine.cli", "--help"], "<= 0.15 s"),
        ("engine VERB --help", ["-m", "engine.cli", "status", "--help"], ""),
        ("import of the cockpit", ["-c", "import cockpit.app"], "<= 0.5 s"),
        ("python alone", ["-c", "pass"], ""),
    )
    return [
        Figure(f"{name}, CPU", spent(words), "s", target=target or None, note=f"median of {TRIES}")
        for name, words, target in named
    ]


def spent(words: list[str]) -> float:
    """CPU seconds of a Python with these words, its start included."""
    return statistics.median(_once(words) for _ in range(TRIES))


def _once(words: list[str]) -> float:
    before = os.times()
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    subprocess.run([sys.executable, *words], env=env, stdout=subprocess.DEVNULL, check=True)
    after = os.times()
    spent = after.children_user + after.children_system
    return spent - before.children_user - before.children_system
