"""`engine alerts`: today's rules over a run of any age: which alarms stood when, by its thresholds or by others."""

from __future__ import annotations

import argparse
import dataclasses
import math
from collections.abc import Iterable, Mapping

from engine.alarms import Thresholds
from engine.cli import words
from engine.cli.grid import grid
from engine.cli.output import Ink, Output
from engine.cli.parser import nearest, run_argument
from engine.cli.target import the
from engine.errors import Unusable
from engine.observe import actions_of
from engine.replay import Replay, thinned
from engine.status import Status, describe
from engine.status.answers import Need

EXAMPLES = """
  engine alerts @
  engine alerts @ --what-if                          # by the default thresholds
  engine alerts @ --what-if spike=4 --what-if divergence=1.2
"""
USUAL = "notify"
"""What follows an alarm for which the profile names nothing else."""
MOMENTS = 1000
"""Moments of a run that are judged; of a longer one so many, evenly spread."""
HEADER = ("ALARM", "FROM", "TO", "STEP", "THEN", "DETAIL")


@dataclasses.dataclass
class Stood:
    """An alarm without a gap: from its first to its last moment."""

    need: Need
    begun: float
    ended: float


def arguments(parser: argparse.ArgumentParser) -> None:
    run_argument(parser)
    parser.add_argument(
        "--what-if",
        action="append",
        nargs="?",
        const="",
        default=[],
        metavar="KEY=VALUE",
        help="another threshold; alone: the default ones instead of the run's",
    )


def act(args: argparse.Namespace, out: Output) -> int:
    changed = dataclasses.asdict(Thresholds()) if "" in args.what_if else {}
    changed.update(_threshold(text) for text in args.what_if if text)
    replay = Replay(the(args.run, out))
    moments = thinned(replay.moments, MOMENTS)
    if len(moments) < len(replay.moments):
        out.say(f"judged at {len(moments):,} of {len(replay.moments):,} moments")
    found = _standing(_status(replay, t, changed) for t in moments)
    actions = actions_of(replay.run)
    if args.json:
        for one in found:
            need = dataclasses.asdict(one.need)
            then = actions.get(one.need.alarm, USUAL)
            out.value({**need, "begun": one.begun, "ended": one.ended, "action": then})
    elif found:
        grid(out, HEADER, [_cells(one, actions) for one in found])
    else:
        out.say(f"{replay.run.id}: no alarm")
    return 0


def _status(replay: Replay, t: float, changed: dict[str, float]) -> Status:
    frame = replay.frame(t)
    terms = replay.terms(frame)
    limits = dataclasses.replace(terms.thresholds, **changed)
    return describe(frame, dataclasses.replace(terms, thresholds=limits))


def _standing(statuses: Iterable[Status]) -> list[Stood]:
    """Alarms in the order in which they began. The need of a run that ended is not one of them."""
    found: list[Stood] = []
    open_: dict[str, Stood] = {}
    for status in statuses:
        needs = status.needs if status.exit_status is None else ()
        for need in needs:
            if need.alarm in open_:
                open_[need.alarm].ended = status.as_of
            else:
                open_[need.alarm] = Stood(need, status.as_of, status.as_of)
                found.append(open_[need.alarm])
        standing = {need.alarm for need in needs}
        open_ = {name: one for name, one in open_.items() if name in standing}
    return found


def _threshold(text: str) -> tuple[str, float]:
    name, _, value = text.partition("=")
    known = [field.name for field in dataclasses.fields(Thresholds)]
    if name not in known:
        raise Unusable(
            f"'{name}' is no threshold", nearest(name, known) or f"one of {', '.join(known)}"
        )
    try:
        number = float(value)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise Unusable(f"'{value}' is no number for {name}", f"--what-if {name}=3")
    return name, number


def _cells(one: Stood, actions: Mapping[str, str]) -> list[str | Ink]:
    name = Ink(one.need.alarm, "red" if one.need.red else "yellow")
    begun, ended = words.moment(one.begun), words.moment(one.ended)
    then = actions.get(one.need.alarm, USUAL)
    return [name, begun, ended, words.count(one.need.step), then, one.need.detail]
