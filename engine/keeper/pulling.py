"""What the machine made is brought here: checkpoints that are whole, results, artifacts.

A round at a time, in a thread, because gigabytes take a while and the run goes on meanwhile. A round can be cut off at
any point: the next one goes on from what came. `pulled` is told when the copy was compared with what the machine said.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

from engine.errors import Problem
from engine.events import Event
from engine.events import saves as say
from engine.events.keeper import Requested
from engine.keeper.bringing import Round
from engine.machines.machine import Away, Depot
from engine.profile import Profile
from engine.reader import RunReader
from engine.runs import Run
from engine.sync.meter import Meter
from engine.view import View

REST_S = 5.0
"""Between two tries of a round that did not come to its end."""
TRIES = 3
"""Tries of the last round before the run is closed without what is missing."""


class Pulling:
    """Of one run; without a depot there is nothing to bring. `look` returns facts for the caller to write down."""

    def __init__(self, run: Run, profile: Profile, depot: Depot | None) -> None:
        self._run, self._profile, self._depot = run, profile, depot
        self._thread: threading.Thread | None = None
        self._done: list[Event] = []
        self._due = 0.0
        minutes = profile.workspace.pull_minutes
        self._every_s = None if minutes is None else minutes * 60
        self._last = time.monotonic()
        self._final: int | None = None
        """The attempt after whose end everything was brought, or given up."""
        self._failures = 0

    def look(self, view: View, ended: bool) -> list[Event]:
        """What came; and a round where one is due."""
        if self._depot is None or view.last is None:
            return []
        if self._thread is not None:
            if self._thread.is_alive():
                return []
            self._thread = None
        found, self._done = self._done, []
        if not found and time.monotonic() >= self._due and self._wanted(view, ended):
            self._last = time.monotonic()
            told = tuple(one.id for one in self._requests(view))
            self._thread = threading.Thread(
                target=self._work, args=(self._depot, ended, told), daemon=True
            )
            self._thread.start()
        return found

    def settled(self, view: View) -> bool:
        """Nothing is on its way, and nothing was asked for that has no answer."""
        if self._depot is None or view.last is None:
            return True
        idle = self._thread is None and not self._done and not self._requests(view)
        return idle and (view.keeper.closed is not None or self._final == view.last.number)

    def _wanted(self, view: View, ended: bool) -> bool:
        if self._requests(view):
            return True
        if ended:
            last = view.last.number if view.last else None
            return view.keeper.closed is None and self._final != last
        return self._every_s is not None and time.monotonic() - self._last >= self._every_s

    def _requests(self, view: View) -> list[Requested]:
        known = view.keeper.saves.ids
        return [one for one in view.keeper.requests if one.kind == "pull" and one.id not in known]

    def _work(self, depot: Depot, ended: bool, ids: tuple[str, ...]) -> None:
        # All of the run: its keeper itself reads no more than it needs.
        view = RunReader(self._run).poll()
        files = size = 0
        reason = None
        with Meter(self._run.cache / "pull.json") as meter:
            try:
                for event in self._round(depot, view, ended, meter):
                    self._done.append(event)
                    if isinstance(event, say.Pulled):
                        files, size = files + event.files, size + event.bytes
            except Away:
                self._due = (
                    time.monotonic() + REST_S
                )  # it goes on from here, however long that takes
                return
            except (Problem, OSError) as error:
                self._failures += 1
                reason = str(error)
        if reason is not None and not ids and self._failures < TRIES:
            self._due = time.monotonic() + REST_S
            return
        self._failures = 0
        if ended and view.last is not None:
            self._final = view.last.number
        if ids or files or reason is not None:
            self._done.append(say.PullSettled(time.time(), ids, files, size, reason))

    def _round(self, depot: Depot, view: View, ended: bool, meter: Meter) -> Iterator[Event]:
        one = Round(self._run, self._profile, depot, meter)
        yield from one.announced(view, ended)
        yield from one.found(view, ended)
        yield from one.results(view, ended)
