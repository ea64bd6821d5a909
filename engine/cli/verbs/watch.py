"""`engine watch -- ARGV…`: any command as a run, here and now, without a profile."""

from __future__ import annotations

import argparse
from pathlib import Path

from engine import launching
from engine.cli import accepted
from engine.cli.output import Output

EXAMPLES = """
  engine watch -- python train.py --epochs 100
  engine watch --follow -- python -c 'print("step 1 loss 0.5")'
  engine watch --set limits.hours=2 -- ./train.sh
"""


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("argv", nargs="*", metavar="-- ARGV", help="the command, behind --")
    parser.add_argument(
        "--set",
        dest="sets",
        action="append",
        default=[],
        metavar="K=V",
        help="any key of a profile",
    )
    parser.add_argument("--host", default="local", help="where to run (local)")
    accepted.arguments(parser)


def act(args: argparse.Namespace, out: Output) -> int:
    wrapped = launching.wrapped(args.argv, args.sets)
    return accepted.answer(launching.launch(wrapped, Path.cwd(), args.host), args, out)
