"""`engine teach`: name the numbers of a line that no dialect reads; every line like it becomes metrics."""

from __future__ import annotations

import argparse
from pathlib import Path

from engine import teaching
from engine.cli.output import Output
from engine.cli.parser import run_argument
from engine.cli.target import look, ours, the
from engine.dialects.teaching import (
    Number,
    Preview,
    Refused,
    named,
    numbers,
    pattern,
    preview,
    suggested,
)
from engine.errors import Unusable

EXAMPLES = """
  engine teach @ "err"                          # the last line with it, and its numbers
  engine teach @ "err" step=1 loss=2            # name them; shown on the whole console
  engine teach @ "err" step=1 loss=2 --use      # and read this run by it from now on
  engine teach @ "err" step=1 loss=2 --save train.toml
"""


def arguments(parser: argparse.ArgumentParser) -> None:
    run_argument(parser)
    parser.add_argument("line", metavar="TEXT", help="some text of the line")
    parser.add_argument("names", metavar="NAME=K", nargs="*", help="the K-th number is NAME")
    parser.add_argument("--use", action="store_true", help="read the whole run by it from now on")
    parser.add_argument("--save", type=Path, metavar="PROFILE", help="keep it in a profile's file")


def act(args: argparse.Namespace, out: Output) -> int:
    run = the(args.run, out)
    attempts = run.attempts()
    if not attempts:
        raise Unusable(f"{run.id} has printed nothing yet", fix="teach it once it has")
    line = teaching.newest(attempts[-1], args.line)
    told = numbers(line)
    try:
        made = pattern(line, named(args.names) or suggested(told))
    except Refused as refused:
        raise Unusable(str(refused), fix=f"engine teach {args.run} TEXT loss=2") from refused
    shown = preview(made, teaching.lines(attempts[-1]))
    if args.save is not None:
        teaching.save(args.save, made)
    if args.use:
        if not ours(run):
            raise Unusable(f"{run.id} is a recording", fix="--save PROFILE keeps the pattern")
        teaching.use(run, made, look(run, out).exit_status is not None)
    if args.json:
        kept = None if args.save is None else str(args.save)
        found = {"run": run.id, "used": args.use, "saved": kept}
        out.value({**found, **_table(line, told, made, shown)})
    else:
        _say(out, line, told, (made, shown))
    return 0


def _table(line: str, told: list[Number], made: str, shown: Preview) -> dict[str, object]:
    return {
        "line": line,
        "numbers": [
            {"n": at, "text": one.text, "suggested": one.suggested}
            for at, one in enumerate(told, 1)
        ],
        "pattern": made,
        "lines": shown.lines,
        "rows": shown.rows,
        "examples": [{"line": text, "values": dict(values)} for text, values in shown.examples],
    }


def _say(out: Output, line: str, told: list[Number], tried: tuple[str, Preview]) -> None:
    made, shown = tried
    out.line(line[:400])
    for at, one in enumerate(told, 1):
        out.line(f"  {at:>3}  {one.text:<14} {one.suggested or ''}")
    out.line(f"pattern  {made}")
    out.line(f"reads    {shown.rows:,} of {shown.lines:,} lines")
    for text, values in shown.examples:
        out.line(
            f"  {text[:80]}  →  " + ", ".join(f"{name} {value:g}" for name, value in values.items())
        )
