"""`engine export`: a run's metrics as a file for other programs."""

from __future__ import annotations

import argparse
import os
import sys

from engine.cli.output import Output
from engine.cli.parser import run_argument
from engine.cli.target import the
from engine.errors import Unusable
from engine.export.tables import to_csv
from engine.runs import Run

EXAMPLES = """
  engine export @ --to csv > run.csv
  engine export demo --to csv --out demo.csv
  engine export demo --to csv --out demo.csv --json
"""


def arguments(parser: argparse.ArgumentParser) -> None:
    run_argument(parser)
    parser.add_argument("--to", choices=("csv",), required=True, help="the format")
    parser.add_argument("--out", metavar="FILE", help="where to; absent: stdout")


def act(args: argparse.Namespace, out: Output) -> int:
    run = the(args.run, out)
    if args.out is None:
        if args.json:
            raise Unusable("--json tells about a file", "add --out FILE")
        to_csv(run, sys.stdout)
        return 0
    rows, columns = _write(run, args.out)
    if args.json:
        out.value({"run": run.id, "path": args.out, "rows": rows, "columns": columns})
    else:
        out.say(f"{rows} rows in {args.out}")
    return 0


def _write(run: Run, path: str) -> tuple[int, list[str]]:
    """The file appears whole or not at all."""
    hidden = f"{path}.{os.getpid()}.tmp"
    try:
        with open(hidden, "x", encoding="utf-8", newline="") as file:
            answer = to_csv(run, file)
        os.replace(hidden, path)
    finally:
        if os.path.exists(hidden):
            os.unlink(hidden)
    return answer
