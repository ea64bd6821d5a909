"""The two ways to a run's moments: as it lies on the disk now, and as a recording tells it.

Both read the same bytes by the same code; the recording's only says how far they reach.
"""

from __future__ import annotations

import math
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Protocol

from cockpit.milestones import milestones
from cockpit.watching.clock import Clock
from cockpit.watching.console import Lines
from cockpit.watching.head import Head, Position
from cockpit.watching.marks import marks
from cockpit.watching.memory import bound, give_back
from cockpit.watching.moment import Moment
from cockpit.watching.reading import Reading
from engine.cli.target import REWAKE_S, ours
from engine.errors import Problem
from engine.observe import Observer, terms_of
from engine.reader import RunReader
from engine.replay import Replay
from engine.runs import Run
from engine.status import Terms
from engine.sync.meter import metered
from engine.view import View

if TYPE_CHECKING:  # profiles are loaded once something is on the screen
    from engine.checkpoints import Checkpoint
    from engine.profile import Profile

PATIENCE_S = 0.05
"""Of each look for folding: what is left is read at the next one."""
MUCH = 4 << 20
"""Bytes read since memory was last given back."""
STILL_S = 3.0
"""How often a run on which nothing happens is looked at: time passes for it too."""


class Source(Protocol):
    """`look` is called on one thread, and says nothing when there is nothing new."""

    run: Run
    acts: bool
    """Something can be asked of this run from here."""
    head: Head | None
    """Where time can be moved."""

    def look(self) -> Moment | None: ...


class Live:
    """A run as its files are now. Starts a keeper where a live run of ours has none."""

    def __init__(self, run: Run) -> None:
        bound()
        self.run, self.acts = run, ours(run)
        self.head: Head | None = None
        self._clock = Clock()
        self._reading, self._lines = Reading(run, self._clock), Lines(run, self._clock)
        self._reader = RunReader(run, holds=self._reading.holds)
        self._observer = Observer(run, self._reader, STILL_S)
        self._seen: object = None
        self._thrifty = 0
        self._last = self._woken = -math.inf
        self._terms: tuple[int, Terms] | None = None
        self._profile: Profile | None = None
        self._kept: tuple[Checkpoint, ...] = ()
        self._searched: float | None = None

    def look(self) -> Moment | None:
        sizes, now = marks(self.run), time.monotonic()
        transfer = metered(self.run.cache / "pull.json")
        seen = sizes, transfer
        if seen == self._seen and now - self._last < STILL_S and not self.behind:
            return None
        self._seen, self._last = seen, now
        for number, ahead in self._reading.advance():
            self._reader.adopt(number, ahead)
        found = self._reader.frame(PATIENCE_S)
        frame = replace(found, view=self._reading.foreseen(found.view))
        status = self._observer.status(frame)
        if status.exit_status is None and not frame.sight.keeper_alive:
            self._wake(now)
        self._clock.read()
        self._reading.read(frame.view)
        self._lines.read()
        self._thrift(sizes)
        return Moment(
            frame,
            status,
            self._agreed(len(frame.view.attempts)),
            self._reading.curves(),
            self._lines.console(),
            self._saves(frame.view, now),
            behind=self._reading.behind,
            transfer=transfer,
        )

    def _thrift(self, seen: tuple[int, ...]) -> None:
        """What reading left behind is given back once it was much."""
        if sum(seen) - self._thrifty > MUCH and not self.behind:
            self._thrifty = sum(seen)
            give_back()

    @property
    def behind(self) -> bool:
        """There is more on the disk than was read."""
        return self._reader.behind or self._reading.behind > 0

    def _saves(self, view: View, now: float) -> tuple[Checkpoint, ...]:
        """Announced ones, and those that the profile's globs find on this disk; the first look is in too much haste."""
        if self._searched is None:
            self._searched = -math.inf
        elif now - self._searched >= STILL_S:
            self._searched = now
            self._kept = tuple(self._found(view))
        return self._kept

    def _found(self, view: View) -> list[Checkpoint]:
        from engine import checkpoints, profile

        if self._profile is None and view.last is not None:
            try:
                self._profile = profile.from_json(self.run.profile.read_bytes())
            except (Problem, OSError):
                return checkpoints.announced(view)
        if self._profile is None:
            return []
        return checkpoints.of_run(self.run, view, self._profile)

    def _agreed(self, attempt: int) -> Terms:
        if self._terms is None or self._terms[0] != attempt:
            self._terms = attempt, terms_of(self.run, attempt)
        return self._terms[1]

    def _wake(self, now: float) -> None:
        """Without a keeper the run goes on as well, so it is no reason to show nothing."""
        if now - self._woken <= REWAKE_S or not ours(self.run):
            return
        self._woken = now
        from engine import control

        try:
            control.ensure_keeper(self.run)
        except (Problem, OSError):
            return


class Recorded(Replay):
    """A replay that also says how far each segment reaches."""

    def reach(self, t: float) -> dict[str, int]:
        return {track.segment: track.end_at(t) for track in self._tracks}


class Tape:
    """A run's recording under a reader's head."""

    def __init__(self, run: Run, speed: float = 1.0) -> None:
        self.run, self.acts = run, False
        self.head: Head | None = Head(speed)
        self._head = self.head
        self._recording: Recorded | None = None
        self._clock = Clock()
        self._reading, self._lines = Reading(run, self._clock), Lines(run, self._clock)
        self._shown: Position | None = None

    def look(self) -> Moment | None:
        recording = self._recording or self._open()
        position = self._head.advance()
        if position == self._shown and not self._reading.behind:
            return None
        self._shown = position
        frame, reach = recording.frame(position.now), recording.reach(position.now)
        self._clock.read()
        self._reading.read(frame.view)
        self._lines.read()
        return Moment(
            frame,
            recording.status(frame),
            recording.terms(frame),
            self._reading.curves(reach),
            self._lines.console(reach),
            position=position,
            behind=self._reading.behind,
        )

    def _open(self) -> Recorded:
        """Its end is looked at once, for the landmarks on the way."""
        self._recording = found = Recorded(self.run)
        last = found.frame(found.end)
        self._head.begin(found.moments, milestones(last.view, found.status(last)))
        return found
