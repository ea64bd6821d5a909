"""`engine doctor`: what a bug report can paste."""

from __future__ import annotations

import argparse
from typing import Any

from engine.cli import words
from engine.cli.output import Ink, Output
from engine.cli.target import secret_names
from engine.doctor import SECRETS, examine
from engine.runs import every, logs_folder

EXAMPLES = """
  engine doctor
  engine doctor --json > report.json
"""
RECENT = 50
"""Runs whose secrets are looked for."""


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--secret", action="append", default=[], metavar="NAME", help="also look for this one"
    )


def act(args: argparse.Namespace, out: Output) -> int:
    asked_for = {name for run in every(logs_folder())[:RECENT] for name in secret_names(run)}
    asked = {*SECRETS, *args.secret, *asked_for}
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
