"""`engine dialect`: how a run's console is read, and how it shall be read from now on."""

from __future__ import annotations

import argparse
import dataclasses
import time

from engine import control
from engine.cli import words
from engine.cli.grid import grid
from engine.cli.output import Output
from engine.cli.parser import nearest, run_argument
from engine.cli.target import look, ours, the
from engine.dialects import known
from engine.dialects.registry import ALIASES, BY_NAME
from engine.errors import Unusable
from engine.events.keeper import DialectChosen
from engine.hearing import Hearing, hear
from engine.runs import Run

EXAMPLES = """
  engine dialect @                 # which one reads, what others would find, whether all agree
  engine dialect @ nanogpt         # read the whole run by another one
  engine dialect @ auto
"""
HEADER = ("DIALECT", "ROWS", "LOSSES", "READS")


def arguments(parser: argparse.ArgumentParser) -> None:
    run_argument(parser)
    parser.add_argument("name", nargs="?", metavar="NAME", help="the dialect from now on, or auto")


def act(args: argparse.Namespace, out: Output) -> int:
    run = the(args.run, out)
    if args.name is not None:
        _choose(run, args.name, out)
    heard = hear(run)
    if args.json:
        out.value({"run": run.id, "asked": args.name, **dataclasses.asdict(heard)})
    else:
        _tell(heard, args.name, out)
    return 0


def _choose(run: Run, name: str, out: Output) -> None:
    """Nothing that was recorded changes: one more fact, and every reader begins anew."""
    if not known(name):
        names = [*BY_NAME, *ALIASES, "auto"]
        fix = nearest(name, names) or "one of " + ", ".join([*BY_NAME, "auto"])
        raise Unusable(f"no dialect '{name}'", fix=fix)
    if not ours(run):
        raise Unusable(f"{run.id} is a recording", fix="engine dialect works on runs in your logs")
    ended = look(run, out).exit_status is not None
    fact = DialectChosen(time.time(), name, control.who())
    if not (ended and control.record(run, fact)):
        control.request(run, "dialect", dialect=name)


def _tell(heard: Hearing, asked: str | None, out: Output) -> None:
    if asked is not None:
        out.say(f"read by {asked} from now on, the whole run")
    how = {"chosen": "somebody chose it", "profile": "the profile says so", "auto": "by its lines"}
    out.line(f"dialect   {heard.dialect or words.MISSING} ({how[heard.by]})")
    steps = f", steps {_STEPS[heard.steps_by]}" if heard.steps_by in _STEPS else ""
    out.line(f"metrics   from the {heard.source or 'console: none yet'}{steps}")
    if heard.compared:
        out.line(f"agreement {_agreement(heard)}")
    found = [one for one in heard.candidates if one.rows or one.name == heard.dialect]
    if found:
        cells = [(one.name, f"{one.rows:,}", f"{one.losses:,}", one.about) for one in found]
        grid(out, HEADER, cells)


_STEPS = {
    "told": "as the lines tell them",
    "bar": "from the progress bar",
    "epoch": "are epochs",
    "count": "counted, because no line tells one",
}


def _agreement(heard: Hearing) -> str:
    if heard.first is None:
        return f"trainer and console tell the same {heard.compared:,} losses"
    one = heard.first
    return (
        f"trainer and console differ in {heard.differing:,} of {heard.compared:,} losses, first at step "
        f"{words.count(one.step)}: {words.figure(one.trainer)} and {words.figure(one.console)}"
    )
