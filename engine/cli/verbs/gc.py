"""`engine gc`: make room."""

from __future__ import annotations

import argparse
import time

from engine import gc
from engine.cli import words
from engine.cli.output import Output
from engine.cli.parser import count
from engine.errors import Unusable
from engine.runs import logs_folder

EXAMPLES = """
  engine gc --dry-run
  engine gc                            # caches and leftovers
  engine gc --older-than 30 --dry-run  # which runs that would be
  engine gc --older-than 30 --yes      # and those runs, journals and checkpoints inside them
"""
DAY_S = 86400.0


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--dry-run", action="store_true", help="only say what would go")
    parser.add_argument(
        "--older-than", type=count, metavar="DAYS", help="also ended runs of that age, whole"
    )
    parser.add_argument("--yes", action="store_true", help="yes, remove those runs")


def act(args: argparse.Namespace, out: Output) -> int:
    older_s = None if args.older_than is None else args.older_than * DAY_S
    if older_s is not None and not (args.yes or args.dry_run):
        raise Unusable(
            f"remove every run that ended more than {args.older_than} days ago?",
            "--dry-run shows them, --yes removes them",
        )
    gone = []
    for litter in gc.find(logs_folder(), time.time(), older_s):
        if args.dry_run or gc.remove(litter):
            gone.append(litter)
            if not args.json:
                out.line(f"{words.size(litter.bytes):>9}  {litter.why:<9}  {litter.path}")
    freed = sum(litter.bytes for litter in gone)
    if args.json:
        removed = [{"path": str(o.path), "why": o.why, "bytes": o.bytes} for o in gone]
        out.value({"dry_run": args.dry_run, "bytes": freed, "removed": removed})
    else:
        out.say(f"{words.size(freed)} {'would be' if args.dry_run else 'are'} free again")
    return 0
