"""Read a run's folder as it grows: bytes from offsets into a RunFold, and a look at the processes.

The one path by which `status`, `wait`, the keeper, the cockpit and a replay learn of a run. It never writes.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator

from engine import procs
from engine.dialects import Lens, lens
from engine.events import Lines, Segment, decode
from engine.events.keeper import DialectChosen
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
        self._chosen: str | None = None
        self._begin()

    def _begin(self) -> None:
        self._fold = RunFold()
        self._followers: dict[str, Follower] = {"keeper": Follower(self.run.keeper)}

    def poll(self) -> View:
        """The view after everything that is on disk now. Who chose another dialect has all of it read anew."""
        view = self._poll()
        if view.keeper.dialect != self._chosen:
            self._chosen = view.keeper.dialect
            self._begin()
            view = self._poll()
        return view

    def _poll(self) -> View:
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
        self._fold.look(number, lens_of(attempt, self._chosen))
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


def lens_of(attempt: Attempt, chosen: str | None) -> Lens:
    """How an attempt's console is to be read: by its job, and by what somebody chose since."""
    try:
        found = json.loads(attempt.job.read_bytes())
    except (OSError, ValueError, RecursionError):
        found = None
    return lens(found if isinstance(found, dict) else {}, chosen)


def chosen_dialect(run: Run) -> str | None:
    """What somebody chose last for the whole run; None: nobody did."""
    chosen, lines, follower = None, Lines(), Follower(run.keeper)
    while data := follower.read().data:
        for line, _ in lines.feed(data):
            if b'"dialect_chosen"' in line:
                fact = decode(line, Segment.KEEPER)
                chosen = fact.dialect if isinstance(fact, DialectChosen) else chosen
    return chosen
