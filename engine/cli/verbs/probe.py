"""`engine probe RUN|PATH`: what a checkpoint writes, scored, side by side, by hand or as the run saves."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from engine import probing, resuming
from engine.checkpoints import Checkpoint, of_run
from engine.cli.output import Ink, Output
from engine.cli.parser import count
from engine.cli.shelf import Listed, at_hand, here
from engine.cli.target import Lookout, the
from engine.errors import NotFound, Unusable
from engine.evaluating import Asking
from engine.probing import Wanted
from engine.profile import Profile
from engine.reader import RunReader
from engine.runs import Run

EXAMPLES = """
  engine probe @ --prompt "In the year 1834,"            # its newest checkpoint
  engine probe @ --from best --from latest --prompt …     # side by side
  engine probe @ --schedule                               # the profile's prompts, as the run saves
  engine probe @ --interactive
  engine probe @ --list
  engine probe @ --mark 3f9a1c02 good
"""
LOOK_S = 2.0


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("run", metavar="RUN|PATH", help="a run, or a checkpoint's folder")
    parser.add_argument("--from", dest="source", action="append", metavar="WHAT", default=[])
    parser.add_argument("--prompt", action="append", default=[], metavar="TEXT")
    parser.add_argument("--forbid", action="append", default=[], metavar="WORD")
    parser.add_argument("--tokens", type=count, metavar="N")
    parser.add_argument("--temperature", type=float, metavar="X")
    parser.add_argument("--seed", type=count, default=1, metavar="N")
    parser.add_argument("--base", metavar="MODEL", help="what an adapter stands on")
    parser.add_argument("--device", default="auto", help="auto: an idle GPU, else the CPU")
    parser.add_argument("--schedule", action="store_true", help="as the run saves, to its end")
    parser.add_argument("--interactive", action="store_true", help="prompts from standard input")
    parser.add_argument("--list", action="store_true", help="the texts that were kept")
    parser.add_argument("--mark", nargs=2, metavar=("ID", "WORD"), help="what you think of one")


def act(args: argparse.Namespace, out: Output) -> int:
    path = Path(args.run)
    if path.exists() and not (path / "keeper.jsonl").is_file() and args.run not in (".", ".."):
        return _bare(path, args, out)
    run = the(args.run, out)
    if args.list or args.mark:
        return _kept(run, args, out)
    profile = resuming.frozen_profile(run)
    wanted = _wanted(args, profile)
    if args.schedule:
        return _scheduled(run, profile, wanted, out)
    view = RunReader(run).poll()
    listed = Listed(run, view, profile, of_run(run, view, profile))
    sought = args.source or ["latest"]
    chosen = [here(listed, resuming.pick(run, view, word, listed.known)) for word in sought]
    if args.interactive:
        return _interactive(chosen[0], wanted, out)
    for one in chosen:
        for found in probing.probe(one, wanted):
            probing.keep(run, found)
            _show(found, out)
    return 0


def _bare(path: Path, args: argparse.Namespace, out: Output) -> int:
    one = probing.folder_of(path.absolute())
    wanted = _wanted(args, None)
    if args.interactive:
        return _interactive(one, wanted, out)
    for found in probing.probe(one, wanted):
        _show(found, out)
    return 0


def _wanted(args: argparse.Namespace, profile: Profile | None) -> Wanted:
    settings = profile.eval if profile else None
    prompts = tuple(args.prompt) or (settings.prompts if settings else ())
    if not prompts and not args.interactive:
        raise Unusable("what shall it go on from?", fix="--prompt TEXT, or [eval] prompts")
    tokens = args.tokens or (settings.sample_tokens if settings else 100)
    heat = args.temperature
    if heat is None:
        heat = settings.temperature if settings else 0.8
    base = args.base or (profile.model.base if profile else None)
    return Wanted(prompts, tokens, heat, args.seed, tuple(args.forbid), base, args.device)


def _scheduled(run: Run, profile: Profile, wanted: Wanted, out: Output) -> int:
    """Until the run has ended and nothing more is due."""
    done = {str(found["path"]) for found in probing.kept(run)}
    lookout, reader = Lookout(run, out), RunReader(run)
    while True:
        status = lookout.status()
        view = reader.poll()
        known = at_hand(Listed(run, view, profile, of_run(run, view, profile)))
        for one in probing.due(profile.eval, status.total, known, done):
            done.add(one.path)
            for found in probing.probe(one, wanted):
                probing.keep(run, found)
                _show(found, out)
        if status.exit_status is not None:
            return 0
        time.sleep(LOOK_S)


def _interactive(one: Checkpoint, wanted: Wanted, out: Output) -> int:
    """The model stays open; an empty line or the end of input leaves."""
    with Asking("generate") as process:
        device = probing.open_in(process, one, wanted)
        out.say(f"{one.name} on {device}; an empty line leaves")
        for prompt in _typed():
            _show(probing.write(process, one, wanted, prompt) | {"device": device}, out)
            out.flush()
    return 0


def _typed() -> Iterator[str]:
    for line in sys.stdin:
        if not line.strip():
            return
        yield line.rstrip("\n")


def _kept(run: Run, args: argparse.Namespace, out: Output) -> int:
    if args.mark:
        number, word = args.mark
        if all(found["id"] != number for found in probing.kept(run)):
            raise NotFound(f"{run.id} has no text '{number}'", "engine probe RUN --list")
        probing.keep(run, {"id": number, "mark": word, "t": time.time()})
    for found in probing.kept(run):
        if not args.mark or found["id"] == args.mark[0]:
            _show({"device": None, **found}, out)
    return 0


def _show(found: dict[str, Any], out: Output) -> None:
    if out.as_json:
        out.value(found)
        return
    faults = ", ".join(found["faults"])
    mark = f"  [{found['mark']}]" if found["mark"] else ""
    verdict = Ink(faults, "red") if faults else Ink("fine by counting", "green")
    out.line(f"{found['id']}  {found['checkpoint']}  {found['words']} words  ", verdict, mark)
    out.line(Ink(str(found["prompt"]), "dim"), str(found["text"]))
    out.line("")
