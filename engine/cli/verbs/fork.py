"""`engine fork RUN`: a new run that begins with another run's checkpoint, its profile changed by `--set`."""

from __future__ import annotations

import argparse

from engine import resuming
from engine.cli import accepted
from engine.cli.output import Output
from engine.cli.shelf import Listed, look_there
from engine.cli.target import the
from engine.observe import Observer

EXAMPLES = """
  engine fork @ --from best --set optim.learning_rate=1e-5
  engine fork demo --from step-000400 --wait
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
    parser.add_argument(
        "--set", dest="sets", action="append", default=[], metavar="K=V", help="over its profile"
    )
    accepted.arguments(parser)


def act(args: argparse.Namespace, out: Output) -> int:
    run = the(args.run, out)
    view = Observer(run).frame().view
    look_there(Listed(run, view, resuming.frozen_profile(run)), out)
    chosen = resuming.choose(run, view, args.source).checkpoint
    return accepted.answer(resuming.fork(run, chosen, args.sets), args, out)
