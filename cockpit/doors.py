"""The doors of a fleet that has no run yet: what a new user can do, each with the command that does the same."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from cockpit.inks import Line
from engine.display import display
from engine.runs import Run

SPEED = 60.0
"""Of a recording: a minute in a second."""
SHIPPED = {
    "demo": "the demo, from its first step to its last",
    "letters": "diverges to NaN, is stopped by a rule, goes on mended",
}
NAME, WHAT, SAYS = 40, 9, 56
ROOMY = WHAT + SAYS + 36


@dataclass(frozen=True)
class Door:
    """`kind` is demo, replay, adopt or new."""

    kind: str
    says: str
    command: str
    run: Run | None = None

    def line(self, width: int) -> Line:
        said: Line = [(f" {self.kind:<{WHAT}}", "key"), (f"{self.says:<{SAYS}}", "text")]
        return [*said, (self.command, "accent")] if width >= ROOMY else said


def doors(recordings: Sequence[Run]) -> list[Door]:
    """Three, of which the second has one for each recording."""
    found = [Door("demo", "train a tiny model, live, here and now", "cockpit demo")]
    found += [_replay(run) for run in recordings]
    found.append(
        Door("watch", "something that runs already, by its process or log", "engine adopt --pid N")
    )
    found.append(
        Door("new", "a run of my project, by one of its profiles", "engine launch PROFILE")
    )
    return found


def _replay(run: Run) -> Door:
    name = display(run.id[:-21], NAME)
    says = SHIPPED.get(name, f"a recording of {name}")
    return Door("replay", says, f"cockpit replay {name} --speed {SPEED:g}", run)
