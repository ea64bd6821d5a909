"""`engine explain`: what the lines of a console mean, why they came, and what to do."""

from __future__ import annotations

import argparse
import dataclasses
import shlex
import sys
from pathlib import Path

from engine.cli.output import Ink, Output
from engine.cli.target import the
from engine.errors import NotFound, Unusable
from engine.explain import Finding, book, search

EXAMPLES = """
  engine explain @                                   # the newest run's console
  engine explain train.log
  ssh box cat train.log | engine explain -
  engine explain @ --json | jq '.card, .do'
"""
MOST_BYTES = 64 << 20
"""Of a longer console the end is read, for that is where it went wrong."""


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("what", metavar="RUN|FILE|-", help="a run, a file, or standard input")


def act(args: argparse.Namespace, out: Output) -> int:
    found = search(_text(args.what, out), book())
    for one in found:
        if args.json:
            said = dataclasses.asdict(one.explained)
            place = {"line": one.line, "number": one.number, "count": one.count, "last": one.last}
            out.value({**said, **place})
        else:
            _speak(one, out)
    if not found:
        out.say("no card explains any of its lines; engine help explain says how to add one")
    return 0


def _speak(one: Finding, out: Output) -> None:
    times = f", {one.count} times, last in line {one.last}" if one.count > 1 else ""
    out.line(
        Ink(one.explained.what, "bold"),
        Ink(f"  {one.explained.card}, line {one.number}{times}", "dim"),
    )
    out.line(Ink("  line  ", "dim"), one.line.strip()[:200])
    out.line(Ink("  why   ", "dim"), one.explained.why)
    out.line(Ink("  do    ", "dim"), one.explained.do)
    for key in one.explained.set:
        out.line(Ink("        ", "dim"), f"--set {shlex.quote(key)}")
    if one.explained.run:
        out.line(Ink("        ", "dim"), shlex.join(one.explained.run))


def _text(word: str, out: Output) -> str:
    if word == "-":
        return sys.stdin.buffer.read(MOST_BYTES).decode("utf-8", "replace")
    path = Path(word).expanduser()
    if path.is_file():
        return _end(path)
    run = the(word, out)
    consoles = [attempt.console for attempt in run.attempts() if attempt.console.is_file()]
    if not consoles:
        raise NotFound(f"{run.id} has printed nothing yet", "engine tail RUN -f follows it")
    return _end(consoles[-1])


def _end(path: Path) -> str:
    try:
        with open(path, "rb") as file:
            file.seek(max(path.stat().st_size - MOST_BYTES, 0))
            return file.read(MOST_BYTES).decode("utf-8", "replace")
    except OSError as error:
        raise Unusable(
            f"cannot read {path}: {error.strerror}", "check its owner and its rights"
        ) from error
