"""`engine resume RUN`: a further attempt of the same run, from a checkpoint."""

from __future__ import annotations

import argparse

from engine import resuming
from engine.cli import accepted
from engine.cli.output import Output
from engine.cli.target import look, the
from engine.reader import RunReader

EXAMPLES = """
  engine resume @                        # from its newest checkpoint
  engine resume @ --from step-000400     # from this one
  engine resume @ --from best --wait
"""


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("run", metavar="RUN", help="an id, a part of one, a profile's name, or @")
    parser.add_argument(
        "--from",
        dest="source",
        default="latest",
        metavar="WHAT",
        help="latest, best, a name or a path",
    )
    accepted.arguments(parser)


def act(args: argparse.Namespace, out: Output) -> int:
    run = the(args.run, out)
    if look(run, out).exit_status is None:
        out.say(f"{run.id} still runs; nothing was started")
        return accepted.answer(run, args, out)
    chosen = resuming.choose(run, RunReader(run).poll(), args.source)
    out.say(
        f"continues from {chosen.name}"
        + (f", step {chosen.step}" if chosen.step is not None else "")
    )
    resuming.resume(run, chosen)
    return accepted.answer(run, args, out)
