"""Read a run's folder as it grows: bytes from offsets into a RunFold, and a look at the processes.

The one path by which `status`, `wait`, the keeper, the cockpit and a replay learn of a run. It never writes.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator

from engine import procs
from engine.frame import Frame, Sight
from engine.identity import Identity
from engine.journal import Follower, Piece
from engine.runs import Attempt, Run
from engine.scalars import SEGMENTS
from engine.view import RunFold, View


class RunReader:
    """Follows the segments of one run, all parts of its attempts or some."""

    def __init__(self, run: Run, parts: tuple[str, ...] = SEGMENTS) -> None:
        self.run = run
        self._parts = parts
        self._fold = RunFold()
        self._followers: dict[str, Follower] = {"keeper": Follower(run.keeper)}

    def poll(self) -> View:
        """The view after everything that is on disk now."""
        for attempt in self.run.attempts():
            self._meet(attempt)
        for segment, follower in self._followers.items():
            self._catch_up(segment, follower)
        return self._fold.view()

    def frame(self) -> Frame:
        view = self.poll()
        return Frame(self.run.id, view, time.time(), look(view))

    def _catch_up(self, segment: str, follower: Follower) -> None:
        number, _, part = segment.rpartition("/")
        if part == "console" and self._fold.attempt(int(number)).speaks:
            return
        for piece in _pieces(follower):
            if piece.reset is not None:
                self._fold.restart(segment)
            self._fold.feed(segment, piece.data)

    def _meet(self, attempt: Attempt) -> None:
        number = attempt.number
        if f"{number}/{self._parts[0]}" in self._followers:
            return
        self._fold.speak(number, dialect_of(attempt))
        for part in self._parts:
            self._followers[f"{number}/{part}"] = Follower(attempt.segment(part))


def look(view: View) -> Sight:
    """Whether keeper and trainer live, as far as this machine can tell."""
    trainer = view.last.facts.runner.trainer if view.last else None
    alive = None
    if trainer is not None and trainer.boot == procs.boot_id():
        alive = procs.alive(trainer)
    said = view.keeper.keeper
    keeper = said is not None and procs.alive(Identity(said.pid, said.start, said.boot))
    return Sight(trainer_alive=alive, keeper_alive=keeper)


def _pieces(follower: Follower) -> Iterator[Piece]:
    """What is new, to its end; a file that was emptied has news too."""
    while (piece := follower.read()).data or piece.reset:
        yield piece


def dialect_of(attempt: Attempt) -> str:
    """How an attempt's console is to be read, by its job."""
    try:
        found = json.loads(attempt.job.read_bytes()).get("dialect")
    except (OSError, ValueError, AttributeError):
        return "auto"
    return found if isinstance(found, str) else "auto"
