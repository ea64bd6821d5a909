"""Before an attempt can be opened its machine must have the project and an environment: in a thread, because both may
take a while, and whoever wants to stop meanwhile must be heard."""

from __future__ import annotations

import os
import threading
import time
from pathlib import Path

from engine.errors import Problem
from engine.events import Event
from engine.events import keeper as say
from engine.keeper.hand import Hand
from engine.keeper.job import RECIPES
from engine.keeper.needed import project
from engine.machines.machine import Away, Place
from engine.profile import Profile
from engine.runs import PRIVATE_FILE, Run


class Preparing:
    """Of one run. The place is asked for again and again; None is not yet."""

    def __init__(self, run: Run, profile: Profile, hand: Hand) -> None:
        self._run, self._profile, self._hand = run, profile, hand
        self._thread: threading.Thread | None = None
        self._place: Place | None = None
        self._error: Exception | None = None
        self._told: list[Event] = []
        self._news = threading.Event()

    def pause(self, seconds: float) -> None:
        """So long, or until there is news."""
        self._news.wait(seconds)
        self._news.clear()

    def place(self, cwd: str) -> Place | None:
        """Raises `Away` when the machine went out of sight meanwhile; the next call begins again."""
        if self._hand.depot is None:
            return self._hand.place(project(self._profile, cwd))
        if self._told:  # to be written down before anything is decided
            return None
        if self._thread is not None:
            if self._thread.is_alive():
                return None
            self._thread = None
            error, self._error = self._error, None
            if isinstance(error, Problem):
                words = f"{error}; {error.fix}" if error.fix else str(error)
                self._told.append(say.Unprepared(time.time(), self._hand.name, words))
                return None
            if error is not None:
                raise error
        if self._place is None:
            self._thread = threading.Thread(target=self._work, args=(cwd,), daemon=True)
            self._thread.start()
        found, self._place = self._place, None  # the next attempt looks anew
        return found

    def told(self) -> list[Event]:
        """What happened since, to be written down."""
        found, self._told = self._told, []
        return found

    def _work(self, cwd: str) -> None:
        try:
            began = time.monotonic()
            self._hand.reach()
            self._say("the project")
            place = self._hand.place(project(self._profile, cwd))
            place = self._fit(cwd, place)
            spent = round(time.monotonic() - began, 3)
            self._told.append(say.Prepared(time.time(), self._hand.name, spent, place.outfit))
            self._place = place
        except (Away, Problem, OSError) as error:
            self._error = Away(str(error)) if isinstance(error, OSError) else error
        self._news.set()

    def _fit(self, cwd: str, place: Place) -> Place:
        from engine.machines import outfit

        if self._profile.recipe in RECIPES:
            wanted = outfit.of_recipe()
        else:
            found = outfit.of_profile(self._profile, Path(cwd), place.release)
            if found is None:
                return place
            wanted = found
        self._say("the environment")
        with open(self._run.setup_log, "ab", opener=_private) as log:

            def tell(words: bytes) -> None:
                log.write(words)
                log.flush()

            return self._hand.fit(wanted, place, tell)

    def _say(self, what: str) -> None:
        self._told.append(say.Preparing(time.time(), self._hand.name, what))


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, PRIVATE_FILE)
