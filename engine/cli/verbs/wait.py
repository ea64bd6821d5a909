"""`engine wait`: block until a run is at its end and exit with its result."""

from __future__ import annotations

import argparse

from engine.cli.output import Output
from engine.cli.parser import run_argument
from engine.cli.target import the
from engine.cli.waiting import Waiting

EXAMPLES = """
  engine wait @
  engine wait @ --owned        # Ctrl-C stops the run instead of detaching
  engine wait demo --json | jq .exit
"""


def arguments(parser: argparse.ArgumentParser) -> None:
    run_argument(parser)
    parser.add_argument(
        "--owned", action="store_true", help="Ctrl-C or a termination stops the run"
    )
    parser.add_argument("--follow", action="store_true", help="copy the console to stderr")


def act(args: argparse.Namespace, out: Output) -> int:
    return Waiting(the(args.run, out), out, args.owned, args.follow).until_final()
