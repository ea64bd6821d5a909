"""A thread that looks, and one place where the newest of what it saw stands. Nobody waits for it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Generic, Protocol, TypeVar

TICK_S = 0.11
"""At most ten looks in any second: a late one and a punctual one behind it are closer than this."""
CALM_S, CALM_TICK_S = 5.0, 0.25
"""Nothing came for so long: the next step is waited for with less haste, and a laptop's battery lasts."""
BRISK_S = 0.9
"""News so close to the last is news, and not only time that passes."""
SHARE = 0.25
"""A look that takes long is followed by a pause of at least this part of it."""
REST_S = 5.0
"""Between two looks at what is not on the screen."""
T = TypeVar("T", covariant=True)
V = TypeVar("V")


class Looks(Protocol[T]):
    """What a watch can be kept over."""

    def look(self) -> T | None: ...


class Watch(Generic[V]):
    """Looks nine times a second. `tell` is called on the watching thread when `latest` is newer than what was taken."""

    def __init__(self, source: Looks[V], tell: Callable[[], object], resting: bool = False) -> None:
        self.source = source
        self.latest: V | None = None
        self.trouble: str | None = None
        """Why nothing could be seen at the last look."""
        self._tell = tell
        self._told = False
        self._came = self._found = time.monotonic()
        self._resting = resting
        self._ended, self._wake = threading.Event(), threading.Event()

    def run(self) -> None:
        """The thread's own work: until `end`."""
        pause = REST_S if self._resting else 0.0
        while not self._ended.is_set():
            self._wake.wait(pause)
            self._wake.clear()
            begun = time.monotonic()
            if not self._ended.is_set():
                self.turn()
            took = time.monotonic() - begun
            tick = CALM_TICK_S if begun - self._came > CALM_S else TICK_S
            pause = REST_S if self._resting else max(tick - took, SHARE * took)

    def rest(self, resting: bool) -> None:
        """Nobody sees it now, or somebody does again."""
        hurried = self._resting and not resting
        self._resting = resting
        if hurried:
            self.hurry()

    def turn(self) -> None:
        """One look."""
        try:
            found, trouble = self.source.look(), None
        except OSError as error:
            found, trouble = None, f"{error.strerror or error}: {error.filename or ''}"
        news = found is not None or trouble != self.trouble
        self.trouble = trouble
        if found is not None:
            self.latest = found
            now = time.monotonic()
            if now - self._found < BRISK_S:
                self._came = now
            self._found = now
        if news and not self._told and not self._ended.is_set():
            self._told = True
            self._tell()

    def take(self) -> V | None:
        """The newest; from now on there may be a newer one."""
        self._told = False
        return self.latest

    def hurry(self) -> None:
        """Look now: somebody moved something."""
        self._wake.set()

    def end(self) -> None:
        self._ended.set()
        self._wake.set()
