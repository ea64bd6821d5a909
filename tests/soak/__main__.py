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

from tests.soak import fuzz, lives
from tests.soak.outcome import Outcome

ROOT = Path(__file__).parents[2]
RECORD = ROOT / "tests" / "bench" / "soak.md"
KILLS = 2000


def main() -> int:
    args = arguments()
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="lives-") as home:
        outcome = lives.run(args.kills, args.seed, Path(home))
    tell(outcome)
    hostile = fuzz.run(fuzz.INPUTS, args.seed)
    tell(hostile)
    grown = grow(args.seed)
    print(grown[1], flush=True)
    if args.record:
        record([outcome, hostile], grown[1], time.monotonic() - began)
    return 1 if outcome.violations or hostile.violations or grown[0] else 0


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
    """The tests with their large counts; the law of lives was run above and is left out."""
    words = ["-m", "pytest", "-q", "tests", f"--hypothesis-seed={seed}", "--timeout=3600"]
    words += ["--deselect", "tests/laws/test_lives.py::test_runs_survive_the_killing_of_everybody"]
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
    told = "".join(f"- {outcome.line()}\n" for outcome in outcomes)
    RECORD.write_text(f"{head}{body}{told}- {grown}\n", "utf-8")


if __name__ == "__main__":
    sys.exit(main())
