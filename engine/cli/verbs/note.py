"""`engine note`: a person's words in a run's journal."""

from __future__ import annotations

import argparse
import getpass
import secrets
import time

from engine import control
from engine.cli.output import Output
from engine.cli.parser import run_argument
from engine.cli.target import look, the
from engine.errors import Unusable
from engine.events.keeper import Noted
from engine.runs import Run

EXAMPLES = """
  engine note @ "warm restart after the power cut"
  engine note demo-20260101 looks good
"""
LONGEST = 4000


def arguments(parser: argparse.ArgumentParser) -> None:
    run_argument(parser)
    parser.add_argument("text", metavar="TEXT", nargs="+")


def act(args: argparse.Namespace, out: Output) -> int:
    text = " ".join(args.text).strip().encode("utf-8", "replace").decode()
    if not text or len(text) > LONGEST:
        raise Unusable(f"a note has 1 to {LONGEST} characters, this one has {len(text)}")
    run = the(args.run, out)
    status = look(run, out)
    note = _write(run, text) if status.exit_status is not None else None
    if note is None:
        note = control.request(run, "note", text=text)
    if args.json:
        out.value({"run": run.id, "kind": "note", "request": note, "text": text})
    return 0


def _write(run: Run, text: str) -> str | None:
    """A run that has ended has no keeper, so the segment is ours to write; None when it is not."""
    note = secrets.token_hex(8)
    fact = Noted(time.time(), note, text, getpass.getuser())
    return note if control.record(run, fact) else None
