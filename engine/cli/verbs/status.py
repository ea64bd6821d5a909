"""`engine status`: the seven answers, spoken or as one object."""

from __future__ import annotations

import argparse

from engine.cli.output import Output
from engine.cli.parser import run_argument
from engine.cli.speech import speak
from engine.cli.target import look, the

EXAMPLES = """
  engine status @
  engine status demo
  engine status @ --json | jq '.learning.verdict, .at_risk.steps'
"""


def arguments(parser: argparse.ArgumentParser) -> None:
    run_argument(parser)


def act(args: argparse.Namespace, out: Output) -> int:
    status = look(the(args.run, out), out)
    if args.json:
        out.value(status.table())
    else:
        for parts in speak(status):
            out.line(*parts)
    return 0
