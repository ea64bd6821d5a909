"""`engine resume RUN`: a further attempt of the same run, from a checkpoint, rehearsed, protected and proven."""

from __future__ import annotations

import argparse
import shlex
import sys
from pathlib import Path

from engine import rehearsing, resuming
from engine.checkpoints import Checkpoint
from engine.checkpoints.rehearsal import BAD, GOOD
from engine.cli import accepted
from engine.cli.output import Ink, Output
from engine.cli.shelf import Listed, here, look_there
from engine.cli.target import look, the
from engine.errors import Unusable
from engine.reader import RunReader
from engine.rehearsing import Asked, Rehearsal
from engine.runs import Run
from engine.view import View

EXAMPLES = """
  engine resume @                        # from its newest checkpoint that is whole
  engine resume @ --from step-000400     # from this one
  engine resume @ --from best --wait
  engine resume @ --rehearse             # what would happen; nothing is started
  engine resume @ --from out/checkpoint-60.pt --patch step.diff --yes --wait
"""
MARKS = {GOOD: ("✔", "green"), "warn": ("⚠", "yellow"), BAD: ("✖", "red")}


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("run", metavar="RUN", help="an id, a part of one, a profile's name, or @")
    parser.add_argument(
        "--from",
        dest="source",
        default="latest",
        metavar="WHAT",
        help="latest, best, a name, a step or a path",
    )
    parser.add_argument(
        "--rehearse",
        action="store_true",
        help="say what would happen, with a dry start on the CPU where nothing it does lasts",
    )
    parser.add_argument(
        "--patch", type=Path, metavar="DIFF", help="for a copy of the script; read it before"
    )
    parser.add_argument("--yes", action="store_true", help="the patch was read and is right")
    accepted.arguments(parser)


def act(args: argparse.Namespace, out: Output) -> int:
    run = the(args.run, out)
    if look(run, out).exit_status is None:
        out.say(f"{run.id} still runs; nothing was started")
        return accepted.answer(run, args, out)
    view = RunReader(run).poll()
    shelf = Listed(run, view, resuming.frozen_profile(run))
    look_there(shelf, out)
    chosen = resuming.choose(run, view, args.source)
    for words in chosen.passed:
        out.say(words)
    if args.rehearse:
        return _rehearse(run, view, here(shelf, chosen.checkpoint), args, out)
    patch = _reviewed(run, args, out)
    step = chosen.checkpoint.step
    out.say(
        f"continues from {chosen.checkpoint.name}" + (f", step {step}" if step is not None else "")
    )
    resuming.resume(run, chosen.checkpoint, patch)
    return accepted.answer(run, args, out)


def _reviewed(run: Run, args: argparse.Namespace, out: Output) -> str | None:
    """Somebody has to have read it: here and now, or by `--yes`."""
    if args.patch is None:
        return None
    if not args.yes:
        out.say(args.patch.read_text("utf-8", "replace") if args.patch.is_file() else "")
        if not sys.stdin.isatty():
            raise Unusable("apply this patch to a copy of the script?", fix="--yes says yes")
        if input("apply this patch to a copy of the script? [y/N] ").strip().lower() != "y":
            raise Unusable("the patch was not accepted, so nothing was started")
    return resuming.keep_patch(run, args.patch)


def _rehearse(
    run: Run, view: View, chosen: Checkpoint, args: argparse.Namespace, out: Output
) -> int:
    profile = resuming.frozen_profile(run)
    found = rehearsing.rehearse(run, view, profile, chosen, Asked(args.patch))
    if args.json:
        out.value(_table(run, found))
    else:
        out.line(f"from     {chosen.path}")
        out.line(f"command  {shlex.join(found.argv)}")
        for one in found.findings:
            mark, ink = MARKS[one.mark]
            out.line(Ink(mark, ink), f" {one.text}")
    return 0 if found.good else 8


def _table(run: Run, found: Rehearsal) -> dict[str, object]:
    return {
        "run": run.id,
        "from": found.checkpoint.path,
        "step": found.checkpoint.step,
        "argv": list(found.argv),
        "good": found.good,
        "findings": [{"mark": one.mark, "text": one.text} for one in found.findings],
    }
