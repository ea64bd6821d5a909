"""The two ways to a run's moments: as it lies on the disk now, and as a recording tells it.

Both read the same bytes by the same code; the recording's only says how far they reach.
"""

from __future__ import annotations

import math
import os
import time
from typing import Protocol

from cockpit.milestones import milestones
from cockpit.watching.console import Lines
from cockpit.watching.curves import Reading
from cockpit.watching.head import Head, Position
from cockpit.watching.moment import Moment
from engine import checkpoints, control, profile
from engine.checkpoints import Checkpoint
from engine.cli.target import REWAKE_S, ours
from engine.errors import Problem
from engine.observe import Observer, terms_of
from engine.profile import Profile
from engine.replay import Replay
from engine.runs import Run
from engine.status import Terms
from engine.view import View

STILL_S = 1.0
"""How often a run on which nothing happens is looked at: time passes for it too."""
SHELF_S = 1.0
"""How often the disk is asked for checkpoints."""


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
        self.run, self.acts = run, ours(run)
        self.head: Head | None = None
        self._observer = Observer(run)
        self._reading, self._lines = Reading(run), Lines(run)
        self._seen: object = None
        self._last = self._woken = -math.inf
        self._terms: tuple[int, Terms] | None = None
        self._profile: Profile | None = None
        self._shelf: tuple[float, tuple[Checkpoint, ...]] = (-math.inf, ())

    def look(self) -> Moment | None:
        seen, now = marks(self.run), time.monotonic()
        if seen == self._seen and now - self._last < STILL_S and not self._reading.behind:
            return None
        self._seen, self._last = seen, now
        frame = self._observer.frame()
        status = self._observer.status(frame)
        if status.exit_status is None and not frame.sight.keeper_alive:
            self._wake(now)
        self._reading.read(frame.view)
        self._lines.read()
        return Moment(
            frame,
            status,
            self._agreed(len(frame.view.attempts)),
            self._reading.curves(),
            self._lines.console(),
            self._saves(frame.view),
            behind=self._reading.behind,
        )

    def _saves(self, view: View) -> tuple[Checkpoint, ...]:
        """Announced ones, and those that the profile's globs find on this disk."""
        if self._profile is None and view.last is not None:
            try:
                self._profile = profile.from_json(self.run.profile.read_bytes())
            except (Problem, OSError):
                return tuple(checkpoints.announced(view))
        if self._profile is None:
            return ()
        now = time.monotonic()
        if now - self._shelf[0] >= SHELF_S:
            self._shelf = now, tuple(checkpoints.of_run(self.run, view, self._profile))
        return self._shelf[1]

    def _agreed(self, attempt: int) -> Terms:
        if self._terms is None or self._terms[0] != attempt:
            self._terms = attempt, terms_of(self.run, attempt)
        return self._terms[1]

    def _wake(self, now: float) -> None:
        """Without a keeper the run goes on as well, so it is no reason to show nothing."""
        if now - self._woken <= REWAKE_S or not ours(self.run):
            return
        self._woken = now
        try:
            control.ensure_keeper(self.run)
        except (Problem, OSError):
            return


def marks(run: Run) -> object:
    """Sizes of everything that is read: cheap enough for ten times a second."""
    paths = [run.keeper]
    for attempt in run.attempts():
        paths += [attempt.runner, attempt.trainer, attempt.console, attempt.job]
    return tuple(_size(os.fspath(path)) for path in paths)


def _size(path: str) -> int:
    try:
        return os.stat(path).st_size
    except OSError:
        return -1


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
        self._reading, self._lines = Reading(run), Lines(run)
        self._shown: Position | None = None

    def look(self) -> Moment | None:
        recording = self._recording or self._open()
        position = self._head.advance()
        if position == self._shown and not self._reading.behind:
            return None
        self._shown = position
        frame, reach = recording.frame(position.now), recording.reach(position.now)
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
