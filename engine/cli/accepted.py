"""The answer of every verb that makes a run go: its id, alone, and then, where asked, the wait for its end."""

from __future__ import annotations

import argparse

from engine.cli.output import Output
from engine.cli.waiting import Waiting
from engine.runs import Run


def arguments(parser: argparse.ArgumentParser) -> None:
    """`--wait`, `--follow` and `--owned`, which mean the same for all of them."""
    parser.add_argument(
        "--wait", action="store_true", help="block until the end, exit with its result"
    )
    parser.add_argument("--follow", action="store_true", help="--wait, with the console on stderr")
    parser.add_argument(
        "--owned", action="store_true", help="while waiting, Ctrl-C or a termination stops the run"
    )


def answer(run: Run, args: argparse.Namespace, out: Output) -> int:
    """Print the id as soon as the run is durably accepted; block only where that was asked."""
    if out.as_json:
        out.value({"run": run.id, "folder": str(run.folder)})
    else:
        out.line(run.id)
    out.flush()
    if not (args.wait or args.follow or args.owned):
        return 0
    return Waiting(run, out, args.owned, args.follow).until_final()
