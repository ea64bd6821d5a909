"""`engine launch PROFILE`: accept a run, start its keeper, print its id."""

from __future__ import annotations

import argparse
from pathlib import Path

from engine import hosts, launching, profile
from engine.cli import accepted
from engine.cli.output import Output
from engine.hosts import LOCAL
from engine.keeper.job import argv, working_folder
from engine.machines.machine import Place
from engine.runs import Run

EXAMPLES = """
  engine launch demo                                 # profiles/demo.toml; prints the run's id
  engine launch demo --set train.max_steps=60 --wait
  engine launch my/profile.toml --follow             # the console on stderr, until the end
  engine launch demo --dry-run                       # what would run; nothing is started
"""


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("profile", metavar="PROFILE", help="a name in profiles/, or a TOML file")
    parser.add_argument(
        "--set", dest="sets", action="append", default=[], metavar="K=V", help="over the profile"
    )
    parser.add_argument("--host", default="local", help="where to run (local)")
    parser.add_argument("--dry-run", action="store_true", help="say what would run, start nothing")
    accepted.arguments(parser)


def act(args: argparse.Namespace, out: Output) -> int:
    chosen = profile.load(args.profile, args.sets)
    price = None if args.host == LOCAL else hosts.find(args.host).price_hour
    for words in profile.warnings(chosen, price):
        out.say(f"engine: {words}")
    if args.dry_run:
        return _plan(chosen, out)
    return accepted.answer(launching.launch(chosen, Path.cwd(), args.host), args, out)


def _plan(chosen: profile.Profile, out: Output) -> int:
    here = Path.cwd()
    launching.executable(chosen, here)
    place = Place(str(here))
    command = argv(chosen, Run(here / "logs" / "RUN"), None, place)
    table = {"profile": chosen.name, "digest": chosen.digest, "argv": list(command)}
    table["cwd"] = working_folder(chosen, place)
    if out.as_json:
        out.value(table)
        return 0
    for key, value in table.items():
        out.line(f"{key:8} {' '.join(value) if isinstance(value, list) else value}")
    return 0
