"""`engine pull`: bring here what a run's machine made. Its keeper does it; asking again is harmless."""

from __future__ import annotations

import argparse
import time

from engine import control, resuming
from engine.cli import words
from engine.cli.grid import Cell, grid
from engine.cli.output import Output
from engine.cli.parser import count, run_argument
from engine.cli.target import Lookout, the
from engine.errors import Unknown, Unusable
from engine.events.saves import PullSettled
from engine.hosts import LOCAL, Host, find
from engine.reader import RunReader
from engine.runs import Run
from engine.sync.meter import metered

EXAMPLES = """
  engine pull @
  engine pull @ --dry-run      # what is there and not here
  engine pull @ --follow       # again every minute, until the run has ended
  engine pull @ --json | jq .copy
"""
LOOK_S, TELL_S, ARRIVE_S = 0.3, 5.0, 30.0


def arguments(parser: argparse.ArgumentParser) -> None:
    run_argument(parser)
    parser.add_argument("--dry-run", action="store_true", help="list it and fetch nothing")
    parser.add_argument("--follow", action="store_true", help="until the run has ended")
    parser.add_argument(
        "--every", type=count, metavar="SECONDS", default=60, help="pause of --follow"
    )


def act(args: argparse.Namespace, out: Output) -> int:
    run = the(args.run, out)
    host = _host(run)
    if args.dry_run:
        return _outlook(run, host, out)
    lookout = Lookout(run, out)
    while True:
        over = lookout.status().exit_status is not None
        settled = _round(run, out)
        if settled.reason is not None:
            raise Unknown(f"not all of {run.id} came: {settled.reason}", f"engine pull {run.id}")
        if over or not args.follow:
            return 0
        until = time.monotonic() + args.every
        while time.monotonic() < until and lookout.status().exit_status is None:
            time.sleep(LOOK_S)


def _round(run: Run, out: Output) -> PullSettled:
    """Ask, and stay until it is answered."""
    reader = RunReader(run, ("runner",))
    known = set(reader.poll().keeper.saves.pulled)
    number = control.request(run, "pull")
    told = time.monotonic()
    while True:
        facts = reader.poll().keeper
        settled = facts.saves.settled
        if settled is not None and number in settled.ids:
            break
        if time.monotonic() - told > TELL_S:
            told = time.monotonic()
            _say_progress(run, out)
        time.sleep(LOOK_S)
    new = [one for one in facts.saves.pulled if one not in known]
    for one in new:
        if out.as_json:
            out.value(
                {name: getattr(one, name) for name in ("path", "copy", "files", "bytes", "way")}
            )
        else:
            out.line(one.copy)
            out.say(f"{one.files} files, {words.size(one.bytes)} by {one.way}, each compared")
    if not new and settled.reason is None:
        out.say("everything is here")
    return settled


def _say_progress(run: Run, out: Output) -> None:
    now = metered(run.cache / "pull.json")
    if now is None:
        out.say("waiting for the machine")
        return
    done, total = words.size(now["done_bytes"]), words.size(now["total_bytes"])
    speed = f"{words.size(now['bytes_s'])}/s" if now["bytes_s"] else "no speed yet"
    out.say(f"{now['what']}: {done} of {total}, {speed}, {words.span(now['eta_s'])} left")


def _outlook(run: Run, host: Host, out: Output) -> int:
    from engine.keeper.outlook import outlook
    from engine.machines.machine import Away
    from engine.machines.remote import Remote

    view = RunReader(run).poll()
    machine = Remote(host, run)
    try:
        machine.reach(ARRIVE_S)
        ended = view.last is not None and view.last.facts.runner.exit is not None
        depot = machine.depot
        found = outlook(run, resuming.frozen_profile(run), view, depot, ended) if depot else []
    except Away as error:
        raise Unknown(f"{host.name} is away: {error}", f"engine hosts test {host.name}") from None
    finally:
        machine.close()
    if out.as_json:
        for one in found:
            out.value({"kind": one.kind, "path": one.path, "bytes": one.bytes})
    elif found:
        rows: list[list[Cell]] = [[one.kind, one.path, words.size(one.bytes)] for one in found]
        grid(out, ("KIND", "PATH", "SIZE"), rows)
    else:
        out.say("everything is here")
    return 0


def _host(run: Run) -> Host:
    accepted = RunReader(run, ("runner",)).poll().keeper.accepted
    if accepted is None or accepted.host == LOCAL:
        raise Unusable(
            f"{run.id} runs on this machine", f"its files are here: engine checkpoints {run.id}"
        )
    return find(accepted.host)
