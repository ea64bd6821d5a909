"""`python -m tests.soak [--seed N] [--kills N] [--record]`: every count the project promises, in full.

First the soaks of this folder, one line each with its seed and totals; then every test whose count grows under `SOAK=1`
(properties with thousands of examples, trainings killed dozens of times). `--record` writes the totals, with date and
commit, to `tests/bench/soak.md`. Exits with 1 when anything was violated.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.soak import fuzz, lives, torn, trainings
from tests.soak.outcome import Outcome

ROOT = Path(__file__).parents[2]
RECORD = ROOT / "tests" / "bench" / "soak.md"
KILLS = 2000
SAVES = 300
"""Kills in mid-save."""
TRAININGS = 50
"""Kills of each miniature."""


def main() -> int:
    args = arguments()
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="lives-") as home:
        outcome = lives.run(args.kills, args.seed, Path(home))
    tell(outcome)
    with tempfile.TemporaryDirectory(prefix="torn-") as home:
        saves = torn.run(SAVES, args.seed, Path(home))
    tell(saves)
    with tempfile.TemporaryDirectory(prefix="trainings-") as place:
        trained = trainings.run(TRAININGS, args.seed, Path(place))
    tell(trained)
    hostile = fuzz.run(fuzz.INPUTS, args.seed)
    tell(hostile)
    grown = grow(args.seed)
    print(grown[1], flush=True)
    outcomes = [outcome, saves, trained, hostile]
    if args.record:
        record(outcomes, grown[1], time.monotonic() - began)
    return 1 if grown[0] or any(each.violations for each in outcomes) else 0


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=int(time.time()))
    parser.add_argument("--kills", type=int, default=KILLS)
    parser.add_argument("--record", action="store_true")
    return parser.parse_args()


def tell(outcome: Outcome) -> None:
    print(outcome.line(), flush=True)
    for violation in outcome.violations:
        print(f"  {violation}", flush=True)


def grow(seed: int) -> tuple[int, str]:
    """The tests with their large counts; the laws of lives and trainings were run above and are left out."""
    words = ["-m", "pytest", "-q", "tests", f"--hypothesis-seed={seed}", "--timeout=3600"]
    for ran in (
        "test_lives.py::test_runs_survive_the_killing_of_everybody",
        "test_trainings.py::test_a_killed_training_is_the_one_that_nobody_touched",
    ):
        words += ["--deselect", f"tests/laws/{ran}"]
    done = subprocess.run(
        [sys.executable, *words],
        cwd=ROOT,
        env={**os.environ, "SOAK": "1"},
        stdout=subprocess.PIPE,
        text=True,
        check=False,
    )
    lines = done.stdout.strip().splitlines() or ["no test ran"]
    return done.returncode, f"tests with SOAK=1 (seed {seed}): {lines[-1].strip('= ')}"


def record(outcomes: list[Outcome], grown: str, took_s: float) -> None:
    commit = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.strip()
    day = time.strftime("%Y-%m-%d", time.gmtime())
    head = "# Soak\n\n`make soak` runs these in full; `make test` runs a twentieth of them by the same code.\n"
    body = f"\n{day}, commit {commit}, {os.cpu_count()} cores, {took_s / 60:.0f} minutes:\n\n"
    lines = "".join(f"- {outcome.line()}\n" for outcome in outcomes)
    RECORD.write_text(f"{head}{body}{lines}- {grown}\n", "utf-8")


if __name__ == "__main__":
    sys.exit(main())
