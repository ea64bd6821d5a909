"""`engine tail`: what a run printed, measured or did, and with `-f` what it goes on to."""

from __future__ import annotations

import argparse
import time
from collections import deque
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from engine.cli.console import Console, ConsoleLine, last_lines
from engine.cli.facts import FREQUENT, Fact, Facts, fact_line
from engine.cli.output import Output
from engine.cli.parser import count, run_argument
from engine.cli.target import Lookout, the
from engine.cli.words import count as number
from engine.cli.words import figure, moment
from engine.rows import RunRows, Step
from engine.runs import Run

EXAMPLES = """
  engine tail @                        # the last 20 lines of the console
  engine tail @ -f                     # and all that follow, until the run ends
  engine tail @ --metrics --json       # every step: step, t, and the metrics by our names
  engine tail @ --events               # what happened: started, saved, limits, exit
  engine tail @ --json --from 4096     # the console from an offset on
"""
SHOWN = 20
EVERY_S = 0.5


class Source(NamedTuple):
    """`read(ended)` gives what is new, and all of it once nothing more will come."""

    read: Callable[[bool], Iterable[Any]]
    table: Callable[[Any], dict[str, Any]]
    line: Callable[[Any], str]


def arguments(parser: argparse.ArgumentParser) -> None:
    run_argument(parser)
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--console", action="store_true", help="what it printed (the default)")
    what.add_argument("--metrics", action="store_true", help="one line a step")
    what.add_argument("--events", action="store_true", help="the journal's facts")
    parser.add_argument("-f", "--follow", action="store_true", help="go on until the run ends")
    parser.add_argument(
        "-n", type=count, metavar="N", help=f"the last N only ({SHOWN}; with --json all)"
    )
    parser.add_argument("--from", dest="offset", type=count, metavar="OFFSET", help="console only")
    parser.add_argument("--attempt", type=count, metavar="N", help="this attempt only")


def act(args: argparse.Namespace, out: Output) -> int:
    run = the(args.run, out)
    if args.n is None and not args.json and args.offset is None:
        args.n = SHOWN
    source = _metrics(run, args) if args.metrics else _console(run, args)
    if args.events:
        source = _events(run, args)
    _show(source, source.read(not args.follow), args, out)
    if args.follow:
        _follow(source, run, args, out)
    return 0


def _follow(source: Source, run: Run, args: argparse.Namespace, out: Output) -> None:
    args.n, lookout, ended = None, Lookout(run, out), False
    while not ended:
        ended = lookout.status().exit_status is not None
        _show(source, source.read(ended), args, out)
        if not ended:
            time.sleep(EVERY_S)


def _show(source: Source, items: Iterable[Any], args: argparse.Namespace, out: Output) -> None:
    for item in items if args.n is None else deque(items, args.n):
        if args.json:
            out.value(source.table(item))
        else:
            out.line(source.line(item))
    out.flush()


def _console(run: Run, args: argparse.Namespace) -> Source:
    """Of the newest attempt, and of those that follow it."""
    numbers = [attempt.number for attempt in run.attempts()]
    first = args.attempt or (numbers[-1] if numbers else 0)
    offset = args.offset or 0
    if args.offset is None and args.n is not None:
        offset = last_lines(run.attempt(first), args.n)
    console = Console(run, first, offset)

    def read(ended: bool) -> Iterable[ConsoleLine]:
        return (line for line in console.read(ended) if args.attempt in (None, line.attempt))

    return Source(read, ConsoleLine._asdict, lambda line: line.text)


def _metrics(run: Run, args: argparse.Namespace) -> Source:
    rows = RunRows(run)

    def read(ended: bool) -> Iterable[Step]:
        return (step for step in rows.read(rest=True) if args.attempt in (None, step.attempt))

    return Source(read, _row, _row_line)


def _events(run: Run, args: argparse.Namespace) -> Source:
    facts = Facts(run)

    def read(ended: bool) -> Iterable[Fact]:
        return (
            fact
            for fact in facts.read()
            if args.attempt in (None, fact.attempt)
            and (args.json or fact.table["e"] not in FREQUENT)
        )

    return Source(read, _fact, fact_line)


def _row(step: Step) -> dict[str, Any]:
    """The names of metrics come last: one called `t` cannot take the place of the time."""
    fixed = {"step": step.step, "t": step.t, "attempt": step.attempt}
    return {**step.values, **fixed, "epoch": step.epoch, "phase": step.phase}


def _row_line(step: Step) -> str:
    values = "  ".join(f"{name} {figure(value)}" for name, value in step.values.items())
    return f"{moment(step.t)}  step {number(step.step)}  {values}"


def _fact(fact: Fact) -> dict[str, Any]:
    place = {"attempt": fact.attempt, "segment": fact.segment, "offset": fact.offset}
    return {**place, "event": fact.table}
