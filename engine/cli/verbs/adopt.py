"""`engine adopt`: watch something that runs already, found by its pid, its log file or its tmux pane."""

from __future__ import annotations

import argparse
from pathlib import Path

from engine import adopting, launching
from engine.cli import accepted
from engine.cli.output import Output
from engine.cli.parser import count
from engine.errors import Unusable

EXAMPLES = """
  engine adopt --pid 4182
  engine adopt --log ~/run/train.log
  engine adopt --tmux train:0.0
"""


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--pid", type=count, metavar="N", help="the training's process")
    parser.add_argument("--log", type=Path, metavar="FILE", help="what it writes")
    parser.add_argument("--tmux", metavar="PANE", help="where it runs")
    parser.add_argument("--host", default="local", help="where it runs (local)")
    parser.add_argument(
        "--set",
        dest="sets",
        action="append",
        default=[],
        metavar="K=V",
        help="any key of a profile",
    )
    accepted.arguments(parser)


def act(args: argparse.Namespace, out: Output) -> int:
    if args.host != "local":
        raise Unusable(f"no host '{args.host}'", fix="adopt it on its own machine")
    log = None if args.log is None else args.log.expanduser()
    pid = adopting.pane(args.tmux) if args.tmux and args.pid is None else args.pid
    found = adopting.find(pid, log)
    pane = args.tmux if log is None and found.log is None else None
    unknown = [one for one in found.unknown if pane is None or not one.startswith("what it prints")]
    run = launching.adopt(launching.running(found, args.sets), found, pane)
    out.say(f"adopted process {found.process.pid}: {' '.join(found.argv)[:200]}")
    out.say(f"  log          {found.log or (f'tmux pane {pane}' if pane else 'none')}")
    out.say(f"  checkpoints  {', '.join(found.checkpoints) or 'none found'}")
    for one in unknown:
        out.say(f"  cannot know  {one}")
    return accepted.answer(run, args, out)
