"""`engine checkpoints`: what a run saved and what of it is whole."""

from __future__ import annotations

import argparse

from engine.cli import words
from engine.cli.grid import Cell, grid
from engine.cli.output import Ink, Output
from engine.cli.parser import run_argument
from engine.cli.target import look, the
from engine.observe import inspect, place
from engine.reader import RunReader
from engine.status.answers import Checkpoint
from engine.view import View

EXAMPLES = """
  engine checkpoints @
  engine checkpoints @ verify          # read every byte, compare its SHA-256
  engine checkpoints @ --json | jq 'select(.verified) | .path'
"""
HEADER = ("NAME", "STEP", "SIZE", "VERIFIED", "WHERE")


def arguments(parser: argparse.ArgumentParser) -> None:
    run_argument(parser)
    parser.add_argument("what", nargs="?", choices=("ls", "verify"), default="ls")


def act(args: argparse.Namespace, out: Output) -> int:
    run = the(args.run, out)
    status = look(run, out)
    found = list(status.checkpoints)
    if args.what == "verify":
        view = RunReader(run).poll()
        found = [_verified(one, view) for one in found]
    if args.json:
        for one in found:
            out.value(vars(one))
    elif found:
        grid(out, HEADER, [_cells(one) for one in found])
    else:
        out.say(f"{status.run} has told of no checkpoint")
    return 1 if any(one.verified is False for one in found) and args.what == "verify" else 0


def _verified(one: Checkpoint, view: View) -> Checkpoint:
    """With every byte hashed; one that lies elsewhere stays unknown."""
    for attempt in reversed(view.attempts):
        for told in attempt.facts.trainer.saved:
            if told.path == one.path and one.verified is not None:
                seen = inspect(place(attempt, one.path), told.manifest, hashes=True)
                return Checkpoint(**{**vars(one), "verified": seen.verified})
    return one


def _cells(one: Checkpoint) -> list[Cell]:
    verified: Cell = "not known"
    if one.verified is not None:
        verified = Ink("yes", "green") if one.verified else Ink("NO", "red")
    size = words.size(one.bytes)
    return [one.name, words.count(one.step), size, verified, one.where or words.MISSING]
