"""A View plus what is not truth about the run: the time, and what can be seen from here. What a screen gets."""

from __future__ import annotations

from dataclasses import dataclass

from engine.view import View


@dataclass(frozen=True)
class Sight:
    """What a look at the processes showed. None: they cannot be seen from here, or this is a recording."""

    trainer_alive: bool | None = None
    keeper_alive: bool | None = None


@dataclass(frozen=True)
class Frame:
    """One moment of a run. `now` is Unix seconds; in a replay it is the recording's."""

    run: str
    view: View
    now: float
    sight: Sight = Sight()
