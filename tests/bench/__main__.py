"""`python -m tests.bench [NAME …]`: measure and print. Each bench is a module here with a `run`, in its own process."""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable
from dataclasses import asdict
from importlib import import_module
from pathlib import Path

from tests.bench import table
from tests.bench.figures import FULL, Figure, figures
from tests.bench.measure import ROOT

HERE = Path(__file__).parent
LIMIT_S = 300.0
SLOW_S = {"record": 900.0, "train": 1800.0, "far": 900.0, "gpu_train": 3600.0}
"""Five trainers in turn, five methods, two families; eleven models on a GPU."""
LIMIT_FULL_S = 7200.0


def main() -> int:
    options = _options()
    if options.alone:
        found = figures(import_module(f"tests.bench.{options.names[0]}").run())
        Path(options.alone).write_text(json.dumps([asdict(one) for one in found]))
        return 0
    # An installed program finds its bytecode, and so do the peers.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    if options.full:
        os.environ[FULL] = "1"
    found = [one for name in options.names or benches() for one in _apart(name)]
    print(table.text(found))
    if options.markdown:
        Path(options.markdown).write_text(_report(found))
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("names", nargs="*", choices=[[], *benches()], metavar="NAME")
    parser.add_argument("--full", action="store_true", help="peers at full size: an hour or more")
    parser.add_argument("--markdown", metavar="FILE", help="write the table there, too")
    parser.add_argument("--alone", help=argparse.SUPPRESS)
    return parser.parse_args()


def benches() -> list[str]:
    """Every module beside this one that can be run."""
    return sorted(path.stem for path in HERE.glob("*.py") if "\ndef run()" in path.read_text())


def _apart(name: str) -> Iterable[Figure]:
    begun = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        answer = Path(folder) / "figures.json"
        argv = [sys.executable, "-m", "tests.bench", name, "--alone", str(answer)]
        limit = LIMIT_FULL_S if os.environ.get(FULL) else SLOW_S.get(name, LIMIT_S)
        try:
            done = subprocess.run(argv, cwd=ROOT, stderr=subprocess.PIPE, text=True, timeout=limit)
            why = (done.stderr.strip().splitlines() or ["it said nothing"])[-1]
        except subprocess.TimeoutExpired:
            why = f"not done after {limit:.0f} s"
        print(f"bench: {name} took {time.monotonic() - begun:.0f} s", file=sys.stderr)
        if not answer.exists():
            return [Figure(name, None, "", note=why)]
        return [Figure(**one) for one in json.loads(answer.read_text())]


def _report(found: list[Figure]) -> str:
    commit = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, capture_output=True, text=True
    ).stdout.strip()
    made = time.strftime("%Y-%m-%d", time.gmtime())
    head = f"# Benchmarks\n\nMeasured {made} at {commit or 'no commit'} on {_machine()}.\n\n"
    return head + table.markdown(found)


def _machine() -> str:
    named = [
        line.partition(":")[2].strip()
        for line in Path("/proc/cpuinfo").read_text().splitlines()
        if line.startswith("model name")
    ]
    model = named[0] if named else os.uname().machine
    return f"{os.cpu_count()} cores of {model}, Python {sys.version.split()[0]}"


if __name__ == "__main__":
    sys.exit(main())
