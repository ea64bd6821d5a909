"""`engine costs`: what runs have cost and will, by run, phase, machine and day, foreseen beside measured."""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from engine.cli import words
from engine.cli.grid import Cell, grid
from engine.cli.output import Ink, Output
from engine.cli.target import hiders, the
from engine.runs import Run, every, logs_folder

if TYPE_CHECKING:  # numbers are loaded once the words make sense
    from engine.costs import Bill, Sum

EXAMPLES = """
  engine costs                        # every run
  engine costs @ --by phase
  engine costs --by day --json
"""
BY = ("run", "phase", "machine", "day")


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("runs", metavar="RUN", nargs="*", help="as everywhere; absent: all")
    parser.add_argument("--by", choices=BY, default="run", help="what is added up (run)")


def act(args: argparse.Namespace, out: Output) -> int:
    from engine.costs import bills, whole

    runs = [the(word, out) for word in args.runs] or every(logs_folder())
    out.hide(hiders(runs))
    found = bills(_priced(runs, out), time.time())
    if args.json:
        for value in _values(found, args.by):
            out.value(value)
        return 0
    if not found:
        out.say(f"no runs in {logs_folder()}")
        return 0
    header, rows = _table(found, args.by)
    grid(out, header, rows)
    told = whole(found)
    unknown = f", {told.unpriced:,} without a known price" if told.unpriced else ""
    out.say(f"{words.money(told.spent)} in all of {words.many(told.runs, 'run')}{unknown}")
    return 0


def _priced(runs: Sequence[Run], out: Output) -> Iterator[Any]:
    from engine.costs import ledger
    from engine.curves import whole

    for run in runs:
        try:
            yield ledger(whole(run))
        except OSError as error:
            out.say(f"engine: {run.id} is left out: {error.strerror}")


def _values(found: Sequence[Bill], by: str) -> Iterator[dict[str, Any]]:
    from engine.costs import by_day, by_machine, by_phase

    if by == "run":
        for one in found:
            told = {k: v for k, v in asdict(one.of).items() if k not in ("phases", "eta")}
            yield {"by": by, **told, "whole": one.whole}
    elif by == "phase":
        for run, phase, seconds, spent in by_phase(found):
            yield {"by": by, "run": run, "phase": phase, "seconds": seconds, "spent": spent}
    else:
        sums = by_machine(found) if by == "machine" else by_day(found)
        yield from ({"by": by, **asdict(one)} for one in sums)


def _table(found: Sequence[Bill], by: str) -> tuple[tuple[str, ...], list[list[Cell]]]:
    from engine.costs import by_day, by_machine, by_phase

    if by == "run":
        header = (
            "RUN",
            "MACHINE",
            "TIME",
            "$/H",
            "SPENT",
            "FORESEEN",
            "AT ITS END",
            "LIMIT",
            "TYPED",
        )
        return header, [_bill(one) for one in found]
    if by == "phase":
        rows: list[list[Cell]] = [
            [run, phase, words.span(seconds), words.money(spent)]
            for run, phase, seconds, spent in by_phase(found)
        ]
        return ("RUN", "PHASE", "TIME", "SPENT"), rows
    sums = by_machine(found) if by == "machine" else by_day(found)
    return (by.upper(), "RUNS", "LIVE", "SPENT", "$/H NOW", "UNPRICED"), [_sum(one) for one in sums]


def _bill(one: Bill) -> list[Cell]:
    of = one.of
    over = one.cap is not None and one.whole is not None and one.whole > one.cap
    whole = words.money(one.whole)
    return [
        of.run, of.host or words.MISSING, words.span(of.seconds), words.money(of.rate), words.money(one.spent),
        words.money(of.foreseen), Ink(whole, "red") if over else whole, words.money(one.cap),
        of.typed or words.MISSING,
    ]  # fmt: skip


def _sum(one: Sum) -> list[Cell]:
    return [one.name, words.count(one.runs), words.count(one.live), words.money(one.spent),
            words.money(one.rate), words.count(one.unpriced)]  # fmt: skip
