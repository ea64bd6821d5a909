"""Read a run's folder as it grows: bytes from offsets into a RunFold, and a look at the processes.

The one path by which `status`, `wait`, the keeper, the cockpit and a replay learn of a run. It never writes.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator

from engine import procs, vault
from engine.dialects import Lens, lens
from engine.events import Lines, Segment, decode
from engine.events.keeper import DialectChosen
from engine.frame import Frame, Sight
from engine.identity import Identity
from engine.journal import Follower, Path, Piece
from engine.runs import Attempt, Run
from engine.scalars import SEGMENTS, Ahead
from engine.view import RunFold, View

SLICE = 1 << 18
"""Bytes between two looks at the clock."""
NEWEST = 128 << 10
"""Bytes at the end of a runner's segment that are read whole in brief."""
READINGS = (b'{"e":"beat"', b'{"e":"pulsed"', b'{"e":"grew"')
JOB = 4 << 20
LONG = 2 << 20
"""Bytes of a trainer's segment from which loading numpy and reading it as columns is quicker than folding its lines."""


class RunReader:
    """Follows the segments of one run, all parts of its attempts or some.

    `brief` leaves readings out of a long runner's segment, all but the newest: who asks how a run went needs no more.
    `holds` says of which attempts somebody else reads what the trainer tells: nothing of it is read until `adopt`.
    """

    def __init__(
        self,
        run: Run,
        parts: tuple[str, ...] = SEGMENTS,
        holds: Callable[[Attempt], bool] | None = None,
        brief: bool = False,
    ) -> None:
        self.run = run
        self.behind = False
        """The last `poll` ran out of its time."""
        self._parts = parts
        self._holds = holds
        self._brief = brief
        self._held: set[int] = set()
        self._chosen: str | None = None
        self._begin()

    def _begin(self) -> None:
        self._fold = RunFold()
        self._followers: dict[str, Follower] = {"keeper": Follower(self.run.keeper)}

    def poll(self, within_s: float | None = None) -> View:
        """The view after everything that is on disk now, or after what can be read in this time. Who chose another
        dialect has all of it read anew.
        """
        end = None if within_s is None else time.monotonic() + within_s
        view = self._poll(end)
        if view.keeper.dialect != self._chosen:
            self._chosen = view.keeper.dialect
            self._begin()
            view = self._poll(end)
        return view

    def _poll(self, end: float | None) -> View:
        self.behind = False
        for attempt in self.run.attempts():
            self._meet(attempt)
        for segment in sorted(self._followers, key=_smallest_first):
            self._catch_up(segment, self._followers[segment], end)
        return self._fold.view()

    def frame(self, within_s: float | None = None) -> Frame:
        view = self.poll(within_s)
        return Frame(self.run.id, view, time.time(), look(view))

    def adopt(self, number: int, ahead: Ahead) -> None:
        """Go on behind what was read ahead of an attempt that is held."""
        self._held.discard(number)
        self._fold.attempt(number).adopt(ahead)
        path = self.run.attempt(number).trainer
        self._followers[f"{number}/trainer"] = Follower(path, ahead.offset)

    def _catch_up(self, segment: str, follower: Follower, end: float | None) -> None:
        number, _, part = segment.rpartition("/")
        if part in ("console", "trainer") and int(number) in self._held:
            return
        if part == "console" and self._fold.attempt(int(number)).speaks:
            return
        if part == "trainer" and not follower.offset and _is_long(follower.path):
            follower = self._leap(int(number))
        tail = max((vault.size(follower.path) or 0) - NEWEST, 0)
        if not self._brief or part != "runner":
            tail = 0
        for piece in _pieces(follower, tail):
            if piece.end <= tail:
                self._fold.feed(segment, _told(piece.data))
                continue
            if piece.reset is not None:
                self._fold.restart(segment)
            self._fold.feed(segment, piece.data)
            if end is not None and time.monotonic() > end:
                self.behind = True
                return

    def _leap(self, number: int) -> Follower:
        """Over all that is there now."""
        from engine import columns

        source = columns.of_trainer(self.run, self.run.attempt(number))
        source.poll()
        self.adopt(number, columns.ahead(source.columns.saved()))
        return self._followers[f"{number}/trainer"]

    def _meet(self, attempt: Attempt) -> None:
        number = attempt.number
        if f"{number}/{self._parts[0]}" in self._followers:
            return
        self._fold.look(number, lens_of(attempt, self._chosen))
        if self._holds is not None and self._holds(attempt):
            self._held.add(number)
        for part in self._parts:
            self._followers[f"{number}/{part}"] = Follower(attempt.segment(part))


def _told(data: bytes) -> bytes:
    """The lines that are no reading; at both edges whatever there is of one."""
    lines = data.split(b"\n")
    kept = [line for line in lines[1:-1] if not line.startswith(READINGS)]
    return b"\n".join([lines[0], *kept, *lines[1:][-1:]])


def _smallest_first(segment: str) -> int:
    """What tells most in the fewest bytes: the keeper's words, the runners', the trainers', consoles."""
    return ("keeper", *SEGMENTS).index(segment.rpartition("/")[2])


def look(view: View) -> Sight:
    """Whether keeper and trainer live, as far as this machine can tell."""
    trainer = view.last.facts.runner.trainer if view.last else None
    alive = None
    if trainer is not None and trainer.boot == procs.boot_id():
        alive = procs.alive(trainer)
    said = view.keeper.keeper
    keeper = said is not None and procs.alive(Identity(said.pid, said.start, said.boot))
    return Sight(trainer_alive=alive, keeper_alive=keeper)


def _is_long(path: Path) -> bool:
    return (vault.size(path) or 0) > LONG


def _pieces(follower: Follower, tail: int) -> Iterator[Piece]:
    """What is new, to its end, cut where the tail begins; a file that was emptied has news too."""
    while (piece := follower.read(_slice(follower.offset, tail))).data or piece.reset:
        yield piece


def _slice(offset: int, tail: int) -> int:
    return min(SLICE, tail - offset) if offset < tail else SLICE


def lens_of(attempt: Attempt, chosen: str | None) -> Lens:
    """How an attempt's console is to be read: by its job, and by what somebody chose since."""
    try:
        found = json.loads(vault.small(attempt.job, JOB))
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
