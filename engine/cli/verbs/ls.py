"""`engine ls`: a line a run, newest first."""

from __future__ import annotations

import argparse
import time

from engine import index
from engine.cli import words
from engine.cli.grid import Cell, grid
from engine.cli.output import Ink, Output
from engine.cli.parser import count
from engine.cli.target import ours, wake
from engine.errors import Unknown
from engine.index import Row
from engine.runs import every, logs_folder

EXAMPLES = """
  engine ls
  engine ls -n 5
  engine ls --json | jq 'select(.state == "running") | .run'
"""
HEADER = ("STATE", "RUN", "STEP", "LOSS", "ETA", "SPENT", "AT RISK", "NEEDS YOU")


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("-n", type=count, metavar="N", help="the newest N only")


def act(args: argparse.Namespace, out: Output) -> int:
    logs = logs_folder()
    rows, status = [], 0
    for run in every(logs)[: args.n]:
        try:
            found = index.row(run)
        except OSError as error:
            out.say(f"engine: cannot read {run.folder}: {error.strerror}")
            status = Unknown.status
            continue
        rows.append(found)
        if index.is_live(found) and not found["keeper"] and ours(run):
            wake(run, out)
    if args.json:
        for found in rows:
            out.value(found)
    elif rows:
        now = time.time()
        grid(out, HEADER, [_cells(found, now) for found in rows])
    elif not status:
        out.say(f"no runs in {logs}; engine launch PROFILE or engine watch -- COMMAND starts one")
    return status


def _cells(row: Row, now: float) -> list[Cell]:
    arrow = words.ARROWS.get(row["learning"], "")
    risk = words.span(_number(row["at_risk_s"]))
    if row["at_risk_s"] is None and row["at_risk_steps"] is not None:
        risk = f"{row['at_risk_steps']:,} steps"
    return [
        Ink(row["word"], words.colour(row["state"])),
        row["run"],
        words.progress(row["step"], row["total"]),
        f"{words.figure(_number(row['loss']))} {arrow}".strip(),
        words.clock(_number(row["eta"]), now),
        words.money(_number(row["spent"])),
        risk,
        str(row["needs"]) if row["needs"] else "",
    ]


def _number(value: float | str | None) -> float | None:
    """Rows are JSON, where a number that is not finite is a word."""
    try:
        return None if value is None else float(value)
    except ValueError:
        return None
