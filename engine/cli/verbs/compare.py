"""`engine compare`: what differs between runs, how their curves end, and what may be said of that."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from engine.cli import words
from engine.cli.grid import Cell, grid
from engine.cli.output import Ink, Output
from engine.cli.parser import run_argument
from engine.cli.spark import spark
from engine.cli.target import hiders, the
from engine.errors import Unusable
from engine.runs import Run

if TYPE_CHECKING:  # numbers are loaded once the words make sense
    from engine.compare.comparison import Comparison, Course, Judged
    from engine.compare.verdict import Verdict
    from engine.compare.windows import Window

EXAMPLES = """
  engine compare @ demo-20261121                    # the last one named is the base
  engine compare RUN BASE --gate 'eval_loss<=base*1.02'
  engine compare RUN RUN RUN --by tokens --json
"""
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
BY = ("step", "tokens", "time", "money")
GATES_FAILED = 7
SIGNS = {"passed": ("✔", "green"), "missed": ("✖", "red"), "unjudged": ("?", "red")}
COLOURS = {"better": "green", "worse": "red"}


def arguments(parser: argparse.ArgumentParser) -> None:
    run_argument(parser)
    parser.add_argument("others", metavar="RUN", nargs="+", help="the runs beside it")
    parser.add_argument(
        "--base", metavar="RUN", help="which of them the others are held against; the last"
    )
    parser.add_argument("--by", choices=BY, default="step", help="where x ends for all (step)")
    parser.add_argument(
        "--gate", action="append", default=[], metavar="EXPR", help="exit 7 unless it holds"
    )
    parser.add_argument("--same", action="store_true", help="what is equal too")


def act(args: argparse.Namespace, out: Output) -> int:
    from engine.compare import compare, parse
    from engine.curves import whole

    gates = [parse(text) for text in args.gate]
    runs = _runs([args.run, *args.others], out)
    base = _base(runs, args.base, out)
    wholes = [whole(run) for run in runs]
    for one in wholes:
        if args.by not in one.counting.kinds(one.curves):
            raise Unusable(f"{one.run.id} cannot be counted by {args.by}", "--by step always can")
    found = compare(wholes, base, args.by, gates)
    if args.json:
        out.value(found.table())
    else:
        _speak(found, args.same, out)
    return 0 if found.passed else GATES_FAILED


def _runs(names: Sequence[str], out: Output) -> list[Run]:
    runs = list({run.folder: run for run in (the(name, out) for name in names)}.values())
    if len(runs) < 2:
        raise Unusable("these are one run", "name at least two: engine ls")
    if len(runs) > len(LETTERS):
        raise Unusable(f"{len(runs)} runs are too many", f"{len(LETTERS)} at most")
    out.hide(hiders(runs))
    return runs


def _base(runs: Sequence[Run], name: str | None, out: Output) -> int:
    if name is None:
        return len(runs) - 1
    folder = the(name, out).folder
    out.hide(hiders(runs))
    for at, run in enumerate(runs):
        if run.folder == folder:
            return at
    raise Unusable(f"the base '{name}' is none of the runs", "name it among them too")


def _speak(found: Comparison, same: bool, out: Output) -> None:
    letters = dict(zip(found.runs, LETTERS, strict=False))
    for run, letter in letters.items():
        out.line(Ink(f"{letter}  ", "bold"), run, Ink("  base" if run == found.base else "", "dim"))
    out.line()
    rows = [row for row in found.rows if same or row.fact or not row.same]
    header = ("", "WHAT", "KEY", *letters.values())
    cells = [["=" if r.same else Ink("≠", "yellow"), r.group, r.name, *r.values] for r in rows]
    grid(out, header, cells)
    hidden = len(found.rows) - len(rows)
    if hidden:
        out.say(f"{hidden} equal rows are not shown: --same")
    out.line()
    grid(out, ("", "METRIC", "SHAPE", "AT THE END", f"WHERE ALL ARE ({found.by})", "OF"),
         [_cells(letters[one.run], one, found.courses) for one in _by_metric(found.courses)])  # fmt: skip
    out.line()
    for run, one in found.verdicts.items():
        out.line(*_verdict(letters[run], letters[found.base], one))
        for why in one.because:
            out.line(Ink("     because ", "dim"), why)
    for judged in found.gates:
        out.line(*_gate(letters[judged.run], judged))


def _by_metric(courses: Sequence[Course]) -> list[Course]:
    order = list(dict.fromkeys(one.metric for one in courses))
    return sorted(courses, key=lambda one: order.index(one.metric))


def _cells(letter: str, one: Course, courses: Sequence[Course]) -> list[Cell]:
    told = list(_values(one.metric, courses))
    picture = spark(one.shape, min(told, default=0.0), max(told, default=1.0))
    points = one.common.points if one.common else None
    return [Ink(letter, "bold"), one.metric, picture, _window(one.end), _window(one.common),
            f"{words.count(points)} points"]  # fmt: skip


def _values(metric: str, courses: Sequence[Course]) -> Iterator[float]:
    """All runs' small pictures of a metric have one scale."""
    for course in courses:
        if course.metric == metric:
            yield from (value for value in course.shape if value is not None)


def _window(one: Window | None) -> str:
    if one is None:
        return words.MISSING
    noise = f" ± {one.error:.2g}" if one.error is not None else " ± ?"
    return f"{words.figure(one.mean)}{noise}"


def _verdict(letter: str, base: str, one: Verdict) -> list[str | Ink]:
    colour = COLOURS.get(one.word, "yellow")
    gap = f" by {one.difference:+.3g}" if one.difference is not None else ""
    on = f" on {one.metric}" if one.metric else ""
    word = one.word.upper() if one.word not in COLOURS else one.word
    return [Ink(f"{letter}  ", "bold"), Ink(word, colour), f"{on}{gap}, held against {base}"]


def _gate(letter: str, one: Judged) -> list[str | Ink]:
    sign, colour = SIGNS[one.word]
    limit = f", limit {words.figure(one.limit)}" if one.limit is not None else ""
    near = ", nearer than the noise" if one.near else ""
    why = f": {one.why}" if one.why else ""
    value = words.figure(one.value)
    told = f"  {one.gate.text}, it is {value}{limit}{near}{why}"
    return [Ink(f"{letter}  ", "bold"), Ink(f"{sign} {one.word}", colour), told]
