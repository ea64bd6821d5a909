"""`engine note`: a person's words in a run's journal."""

from __future__ import annotations

import argparse
import getpass
import re
import secrets
import time
from pathlib import Path

from engine import control, vault
from engine.cli.output import Output
from engine.cli.parser import run_argument
from engine.cli.target import look, the
from engine.errors import Unknown, Unusable
from engine.events.keeper import Noted, Typed
from engine.runs import Run

EXAMPLES = """
  engine note @ "warm restart after the power cut"
  engine note demo-20260101 looks good
  engine note demo.cockpit "look at step 700"      # beside a bundle
  engine note demo --from demo.cockpit.notes.jsonl
  engine note demo --typed test.retirement.mark=4 --typed cost.dollars=1.75
"""
LONGEST = 4000
KEY = re.compile(r"[a-z]+(\.[^\s.=][^\n=]{0,200})?")


def arguments(parser: argparse.ArgumentParser) -> None:
    run_argument(parser)
    parser.add_argument("text", metavar="TEXT", nargs="*")
    parser.add_argument(
        "--from", dest="source", metavar="FILE", help="a reader's notes on a bundle of this run"
    )
    parser.add_argument(
        "--typed",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        help="a number or a name that nobody measured, for reports; empty takes it back",
    )


def act(args: argparse.Namespace, out: Output) -> int:
    if args.typed:
        return _typed(args, out)
    if args.source is not None:
        return _brought(args, out)
    text = " ".join(args.text).strip().encode("utf-8", "replace").decode()
    if not text or len(text) > LONGEST:
        raise Unusable(f"a note has 1 to {LONGEST} characters, this one has {len(text)}")
    run = the(args.run, out)
    if vault.inside(run.folder):
        return _beside(run, text, args, out)
    status = look(run, out)
    note = _write(run, text) if status.exit_status is not None else None
    if note is None:
        note = control.request(run, "note", text=text)
    if args.json:
        out.value({"run": run.id, "kind": "note", "request": note, "text": text})
    return 0


def _typed(args: argparse.Namespace, out: Output) -> int:
    """All of them or, where one is no pair, none."""
    if args.text:
        raise Unusable("a note and --typed are two things", "engine note RUN TEXT says the other")
    pairs = [text.partition("=") for text in args.typed]
    for key, sign, value in pairs:
        if not sign or not KEY.fullmatch(key) or len(value) > LONGEST or not value.isprintable():
            raise Unusable(f"'{key[:60]}' is no KEY=VALUE", "--typed test.retirement.mark=4")
    run = the(args.run, out)
    for key, _, value in pairs:
        number = secrets.token_hex(8)
        if not control.record(run, Typed(time.time(), number, key, value, getpass.getuser())):
            raise Unknown(
                f"{run.id} has a keeper that writes its journal now",
                "type it once the run has ended",
            )
        if args.json:
            told = {"run": run.id, "kind": "typed", "request": number, "text": f"{key}={value}"}
            out.value(told)
    return 0


def _beside(run: Run, text: str, args: argparse.Namespace, out: Output) -> int:
    """A bundle stays as it is; notes on it lie beside it, in a file that can be sent back."""
    from engine.bundle import notes

    note = Noted(time.time(), secrets.token_hex(8), text, getpass.getuser())
    path = notes.write(run, note)
    if args.json:
        out.value({"run": run.id, "kind": "note", "request": note.id, "text": text})
    else:
        out.say(f"in {path}; engine note {run.id} --from {path.name} brings it home")
    return 0


def _brought(args: argparse.Namespace, out: Output) -> int:
    """Bringing notes twice is bringing them once: the fold knows them by their ids."""
    from engine.bundle import notes
    from engine.reader import RunReader

    if args.text:
        raise Unusable("a note and --from are two things", "engine note RUN TEXT says the other")
    run = the(args.run, out)
    known = {note.id for note in RunReader(run).poll().keeper.notes}
    for note in notes.read(Path(args.source), run):
        if note.id not in known and not control.record(run, note):
            raise Unknown(
                f"{run.id} has a keeper that writes its journal now", "bring them once it has ended"
            )
        if args.json:
            out.value({"run": run.id, "kind": "note", "request": note.id, "text": note.text})
        else:
            out.line(f"{note.by}: {note.text}")
    return 0


def _write(run: Run, text: str) -> str | None:
    """A run that has ended has no keeper, so the segment is ours to write; None when it is not."""
    note = secrets.token_hex(8)
    fact = Noted(time.time(), note, text, getpass.getuser())
    return note if control.record(run, fact) else None
