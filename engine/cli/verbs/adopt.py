"""`engine adopt`: watch something that runs already, found by its pid, its log file or its tmux pane."""

from __future__ import annotations

import argparse

from engine import adopting, hosts, launching
from engine.adopting import Found
from engine.cli import accepted
from engine.cli.output import Output
from engine.cli.parser import count
from engine.hosts import LOCAL

EXAMPLES = """
  engine adopt --pid 4182
  engine adopt --log ~/run/train.log
  engine adopt --tmux train:0.0
  engine adopt --host box --log train.log     # on another machine
"""


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--pid", type=count, metavar="N", help="the training's process")
    parser.add_argument("--log", metavar="FILE", help="what it writes")
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
    found = _found(args)
    run = launching.adopt(launching.running(found, args.sets), found, args.host)
    pane = f"tmux pane {found.pane}" if found.pane else "none"
    out.say(f"adopted process {found.process.pid}: {' '.join(found.argv)[:200]}")
    out.say(f"  log          {found.log or pane}")
    out.say(f"  checkpoints  {', '.join(found.checkpoints) or 'none found'}")
    for one in found.unknown:
        out.say(f"  cannot know  {one}")
    return accepted.answer(run, args, out)


def _found(args: argparse.Namespace) -> Found:
    sought = {"pid": args.pid, "log": args.log, "tmux": args.tmux}
    if args.host == LOCAL:
        return adopting.sought(**sought)
    from engine.machines import visit

    return visit.training(hosts.find(args.host), sought)
