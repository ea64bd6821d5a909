"""The doors of a fleet that has no run yet: what a new user can do, each with the command that does the same."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

from cockpit.inks import Line
from engine.display import display
from engine.runs import Run

SPEED = 60.0
"""Of a recording: a minute in a second."""
NAMED = "demo"
GOAL, NAME, WHAT = 90, 40, 11


@dataclass(frozen=True)
class Door:
    """`kind` is demo, replay, adopt or new."""

    kind: str
    says: str
    command: str
    run: Run | None = None

    def line(self, width: int) -> Line:
        said: Line = [(f" {self.kind:<{WHAT}}", "key"), (self.says, "text")]
        room = width - WHAT - len(self.says) - 5
        return [*said, (f"   {self.command}", "accent")] if room >= len(self.command) else said


def doors(recordings: Sequence[Run]) -> list[Door]:
    """Three, of which the second has one for each recording."""
    found = [Door("demo", "train a tiny model here and now", "cockpit demo")]
    found += [_replay(run) for run in recordings]
    found.append(Door("watch", "a training that runs already", "engine adopt --pid N"))
    found.append(Door("new", "a run of my project", "engine watch -- python train.py"))
    return found


def _replay(run: Run) -> Door:
    name = display(run.id[:-21], NAME)
    says = _goal(run) or "a training from its first step to its last"
    return Door("replay", says, f"cockpit replay {name} --speed {SPEED:g}", run)


def _goal(run: Run) -> str:
    try:
        return display(str(json.loads(run.profile.read_bytes()).get("goal") or ""), GOAL)
    except (OSError, ValueError, AttributeError):
        return ""
