"""`engine import`: TensorBoard's, W&B's and Trackio's files, tables and consoles as runs."""

from __future__ import annotations

import argparse
from pathlib import Path

from engine.cli.output import Output
from engine.runs import logs_folder

EXAMPLES = """
  engine import runs/events.out.tfevents.1795648771.host
  engine import wandb/offline-run-20261125_231935-ywmwqyfp
  engine import wandb/                                # a run of each that is in there
  engine import out/checkpoint-500/trainer_state.json
  engine import train.log                             # what a trainer printed
"""


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("path", metavar="FILE|DIR", help="what another program wrote")


def act(args: argparse.Namespace, out: Output) -> int:
    from engine.imports import plan, record

    for one in plan(Path(args.path).expanduser()):
        run, found = record(one, logs_folder())
        for words in found.unread[:8]:
            out.say(f"engine: {run.id}: not read: {words}")
        if args.json:
            out.value({"run": run.id, "rows": found.rows, "unread": found.unread})
        else:
            out.line(run.id)
    return 0
