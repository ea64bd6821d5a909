"""`engine checkpoints`: what a run saved, what of it is whole, what stays, and where else it goes."""

from __future__ import annotations

import argparse
import dataclasses
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from engine import control, resuming
from engine.checkpoints import Checkpoint, afar, choosing, of_run, retention
from engine.cli import words
from engine.cli.grid import Cell, grid
from engine.cli.output import Ink, Output
from engine.cli.parser import run_argument
from engine.cli.shelf import Listed, done, here, look_there, room
from engine.cli.target import look, ours, the
from engine.errors import Unusable
from engine.reader import RunReader
from engine.runs import Run
from engine.shelf import acts
from engine.status.answers import Checkpoint as Told

EXAMPLES = """
  engine checkpoints @
  engine checkpoints @ verify                    # read every byte, compare its SHA-256
  engine checkpoints @ pin checkpoint-400        # kept whatever the rules say; unpin takes it back
  engine checkpoints @ prune --newest 3 --every 1000 --dry-run
  engine checkpoints @ push latest --to gs://bucket/runs
  engine checkpoints @ merge best --out merged   # the adapter into its base, as safetensors
  engine checkpoints @ publish best --to hf://user/name
  engine checkpoints @ --json | jq 'select(.verified) | .path'
"""
HEADER = ("NAME", "STEP", "SIZE", "HOLDS", "METRIC", "VERIFIED", "WHERE", "KEPT")


def arguments(parser: argparse.ArgumentParser) -> None:
    run_argument(parser)
    parser.add_argument("what", nargs="?", choices=tuple(_ACTS), default="ls")
    parser.add_argument("which", nargs="*", metavar="WHICH", help="names, steps, latest, best")
    parser.add_argument("--to", metavar="SINK", help="push, publish: file://, gs://, s3://, hf://")
    parser.add_argument("--out", type=Path, metavar="DIR", help="merge, convert: a new folder")
    parser.add_argument("--newest", type=int, metavar="N", help="prune: keep the newest N")
    parser.add_argument("--best", type=int, metavar="N", help="prune: keep the best N")
    parser.add_argument("--every", type=int, metavar="N", help="prune: keep every N steps")
    parser.add_argument("--dry-run", action="store_true", help="say it and do nothing")


def act(args: argparse.Namespace, out: Output) -> int:
    run = the(args.run, out)
    if not ours(run) or not run.profile.is_file():
        return _recorded(run, args, out)
    view = RunReader(run).poll()
    profile = resuming.frozen_profile(run)
    if args.what not in ("pin", "unpin"):
        look_there(Listed(run, view, profile), out, every_byte=args.what == "verify")
    listed = Listed(run, view, profile, of_run(run, view, profile))
    return _ACTS[args.what](listed, args, out)


def _ls(listed: Listed, args: argparse.Namespace, out: Output) -> int:
    _show(listed, {one.path: _by_size(one) for one in listed.known}, out)
    return 0


def _verify(listed: Listed, args: argparse.Namespace, out: Output) -> int:
    """Every byte, where something says what it should be."""
    wanted = _named(listed, args) if args.which else listed.known
    good: dict[str, bool | None] = {}
    flaws: dict[str, str] = {}
    for one in wanted:
        reason = choosing.broken(listed.run, one, listed.view)
        told = one.kind == "own" if afar.is_far(one) else one.verified is not None
        good[one.path] = reason is None if told or reason else None
        if reason is not None:
            flaws[one.path] = reason
    known = [
        dataclasses.replace(one, flaw=flaws.get(one.path, one.flaw))
        for one in listed.known
        if one.path in good
    ]
    _show(dataclasses.replace(listed, known=known), good, out)
    return 1 if flaws else 0


def _pin(listed: Listed, args: argparse.Namespace, out: Output) -> int:
    for one in _named(listed, args):
        control.request(listed.run, args.what, path=one.path)
        out.say(f"{one.name} is kept now" if args.what == "pin" else f"{one.name} is free again")
    return 0


def _prune(listed: Listed, args: argparse.Namespace, out: Output) -> int:
    keep = listed.profile.checkpoints.keep
    asked = {name: getattr(args, name) for name in ("newest", "best", "every")}
    keep = dataclasses.replace(keep, **{k: v for k, v in asked.items() if v is not None})
    if keep.newest is None:
        raise Unusable("which checkpoints shall stay?", fix="--newest N, or [checkpoints] keep")
    if keep.newest < 1:
        raise Unusable("at least the newest checkpoint stays", fix="--newest 1")
    rules = dataclasses.replace(listed.profile.checkpoints, keep=keep)
    plan = retention.plan(listed.known, rules)
    for one in plan:
        if out.as_json:
            out.value({"path": one.checkpoint.path, "kept": one.reason})
        else:
            out.line(f"{one.checkpoint.name}  {one.reason or 'goes'}")
    if not args.dry_run:
        going = retention.going(plan)
        nothing: acts.Answer = {"gone": [], "bytes": 0}
        answer = done(listed, acts.delete(going)) if going else nothing
        gone, freed = answer["gone"], answer["bytes"]
        if gone:
            control.request(listed.run, "pruned", paths=gone, bytes=freed)
        out.say(f"{len(gone)} deleted, {words.size(freed)} freed")
    return 0


def _push(listed: Listed, args: argparse.Namespace, out: Output) -> int:
    from engine.checkpoints import sinks

    sink = args.to or listed.profile.save.sink
    if not sink:
        raise Unusable("where to?", fix="--to gs://bucket/folder, or [save] sink")
    for one in map(partial(here, listed), _named(listed, args)):
        reason = choosing.broken(listed.run, one, listed.view)
        if reason is not None:
            raise Unusable(f"{one.name} is not pushed: {reason}")
        copied = sinks.push(one, sink, listed.run.id)
        control.request(listed.run, "pushed", path=one.path, to=copied.to, bytes=copied.bytes)
        _told_of(one, copied.to, copied.bytes, out)
    return 0


def _made(listed: Listed, args: argparse.Namespace, out: Output) -> int:
    """merge and convert need torch, which has a process of its own."""
    (one,) = map(partial(here, listed), _named(listed, args))
    if (reason := choosing.broken(listed.run, one, listed.view)) is not None:
        raise Unusable(f"{one.name} cannot be used: {reason}")
    if args.what == "publish":
        from engine.checkpoints import publishing

        if args.to is None:
            raise Unusable("where to?", fix="--to hf://user/name, or --to file:///folder")
        copied = publishing.publish(listed.run, one, args.to)
        return _told_of(one, copied.to, copied.bytes, out)
    from engine import evaluating

    ending = "merged" if args.what == "merge" else "converted"
    target = args.out or Path(f"{listed.run.id}-{Path(one.name).stem}-{ending}")
    made = evaluating.make(args.what, one.path, listed.profile.model.base, target)
    return _told_of(one, str(made["to"]), int(made["bytes"]), out)


def _told_of(one: Checkpoint, to: str, size: int, out: Output) -> int:
    if out.as_json:
        out.value({"path": one.path, "to": to, "bytes": size})
    else:
        out.line(to)
    return 0


def _named(listed: Listed, args: argparse.Namespace) -> list[Checkpoint]:
    """Those that were asked for; the newest whole one where nothing was said."""
    found = []
    for word in args.which or ["latest"]:
        found.append(resuming.pick(listed.run, listed.view, word, listed.known))
    return found


def _show(listed: Listed, good: dict[str, bool | None], out: Output) -> None:
    best = choosing.best_of(listed.known, listed.view.best(), listed.profile)
    kept = {
        k.checkpoint.path: k.reason
        for k in retention.plan(listed.known, listed.profile.checkpoints)
    }
    if out.as_json:
        for one in listed.known:
            out.value(table(one, good.get(one.path), one.path == best))
        return
    if not listed.known:
        out.say(f"{listed.run.id} has told of no checkpoint")
        return
    metric = listed.profile.checkpoints.metric
    rows = [
        _cells(one, good.get(one.path), (metric, one.path == best, kept.get(one.path)))
        for one in listed.known
    ]
    grid(out, HEADER, rows)
    for one in listed.known:
        if one.flaw:
            out.say(f"{one.name} is never offered: {one.flaw}")
    left = room(listed)
    if left is None:
        return
    more = f" = {left.checkpoints:,} more" if left.checkpoints is not None else ""
    out.say(f"{words.size(left.free)} free{more}")


def table(one: Checkpoint, good: bool | None, best: bool) -> dict[str, Any]:
    """As JSON says it."""
    return {
        "name": one.name,
        "path": one.path,
        "step": one.step,
        "t": one.t,
        "bytes": one.bytes,
        "verified": good,
        "where": ", ".join(place.name for place in one.places),
        "kind": one.kind,
        "holds": list(one.holds),
        "metrics": dict(one.metrics),
        "best": best,
        "pinned": one.pinned,
        "flaw": one.flaw,
    }


def _by_size(one: Checkpoint) -> bool | None:
    if one.flaw is not None:
        return False
    return True if one.verified is not None else None


def _cells(one: Checkpoint, good: bool | None, more: tuple[str, bool, str | None]) -> list[Cell]:
    metric, best, kept = more
    verified: Cell = "not known"
    if good is not None:
        verified = Ink("yes", "green") if good else Ink("NO", "red")
    value = one.metrics.get(metric)
    shown = words.MISSING if value is None else f"{value:.4g}"
    return [
        one.name,
        words.count(one.step),
        words.size(one.bytes),
        " ".join(one.holds) or words.MISSING,
        f"{shown} ★" if best else shown,
        verified,
        ", ".join(place.name for place in one.places),
        kept or "may go",
    ]


def _recorded(run: Run, args: argparse.Namespace, out: Output) -> int:
    """Of somebody else's run only its journal is looked at."""
    if args.what != "ls":
        raise Unusable(f"{run.id} is a recording: its checkpoints are elsewhere")
    for told in look(run, out).checkpoints:
        one = _told(told)
        if out.as_json:
            out.value(table(one, told.verified, False))
        else:
            out.line(f"{one.name}  {words.count(one.step)}  {words.size(one.bytes)}")
    return 0


def _told(told: Told) -> Checkpoint:
    return Checkpoint(told.name, told.path, told.step, told.bytes, None, None, places=())


_ACTS: dict[str, Callable[[Listed, argparse.Namespace, Output], int]] = {
    "ls": _ls,
    "verify": _verify,
    "pin": _pin,
    "unpin": _pin,
    "prune": _prune,
    "push": _push,
    "merge": _made,
    "convert": _made,
    "publish": _made,
}
