"""`engine doctor`: what a bug report can paste."""

from __future__ import annotations

import argparse
import json
from typing import Any

from engine.cli import words
from engine.cli.output import Ink, Output
from engine.doctor import SECRETS, examine
from engine.runs import Run, every, logs_folder

EXAMPLES = """
  engine doctor
  engine doctor --json > report.json
"""


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--secret", action="append", default=[], metavar="NAME", help="also look for this one"
    )


def act(args: argparse.Namespace, out: Output) -> int:
    asked = {*SECRETS, *args.secret, *_named(every(logs_folder())[:50])}
    table = examine(asked)
    if args.json:
        out.value(table)
        return 0
    for name in ("version", "python", "executable", "platform"):
        _line(out, name, table[name])
    for name in ("packages", "programs", "environment", "secrets"):
        out.line(Ink(name, "bold"))
        for key, value in table[name].items():
            _line(out, f"  {key}", value)
    _machine(table, out)
    return 0


def _machine(table: dict[str, Any], out: Output) -> None:
    for name, folder in table["folders"].items():
        state = "writable" if folder["writable"] else "NOT writable"
        room = words.size(folder["free_bytes"])
        absent = "" if folder["exists"] else ", not made yet"
        _line(out, name, f"{folder['path']} ({state}{absent}, {room} free)")
    nvml = table["nvml"]
    found = f"{nvml['gpus']} GPUs, driver {nvml['driver']}"
    _line(out, "NVML", f"{nvml['library']}: {nvml['problem'] or found}")


def _line(out: Output, name: str, value: str | None) -> None:
    out.line(f"{name:<24}", words.MISSING if value is None else str(value))


def _named(runs: list[Run]) -> set[str]:
    """The secrets that recent runs asked for by name."""
    names: set[str] = set()
    for run in runs:
        try:
            asked = json.loads(run.profile.read_bytes())["secrets"]["names"]
            names |= {name for name in asked if isinstance(name, str)}
        except (OSError, ValueError, KeyError, TypeError, RecursionError):
            continue
    return names
