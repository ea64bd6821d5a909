"""A journal revealed on a clock: the same fold and the same Frame as of a live run, fed with prefixes.

Live is replay that has not finished, so nothing here judges anything: it decides how many bytes are
there at a moment, and when the next moment is.
"""

from __future__ import annotations

import math
import time
from bisect import bisect_right
from collections.abc import Iterator
from itertools import chain

from engine import vault
from engine.frame import Frame
from engine.observe import terms_of, told
from engine.reader import chosen_dialect, lens_of
from engine.runs import Run
from engine.status import Status, Terms, describe
from engine.timeline import BLOCK, Track, tracks
from engine.view import RunFold

TICK_S = 0.1
"""At most ten frames a second."""
LONGEST_PAUSE_S = 2.0
"""Real seconds after which a pause of the recording is cut short."""


class Replay:
    """One run as it was at any moment. Going on costs what is new, going back starts over."""

    def __init__(self, run: Run) -> None:
        self.run = run
        self._tracks = tracks(run)
        self.moments = sorted(set(chain.from_iterable(track.times for track in self._tracks)))
        self._terms: dict[int, Terms] = {}
        self._t = -math.inf
        self._rewind()

    @property
    def start(self) -> float:
        return self.moments[0] if self.moments else 0.0

    @property
    def end(self) -> float:
        return self.moments[-1] if self.moments else 0.0

    def frame(self, t: float) -> Frame:
        """The run at this moment, by the user's clock."""
        if t < self._t:
            self._rewind()
        self._t = t
        for track in self._tracks:
            self._reveal(track, track.end_at(t))
        return Frame(self.run.id, self._fold.view(), t)

    def status(self, frame: Frame) -> Status:
        """The seven answers; no disk is looked at, because it is not the disk of that moment."""
        return told(describe(frame, self.terms(frame)), frame.view)

    def terms(self, frame: Frame) -> Terms:
        """What was agreed for the attempt of this frame."""
        number = frame.view.last.number if frame.view.last else 0
        if number not in self._terms:
            self._terms[number] = terms_of(self.run, number)
        return self._terms[number]

    def _rewind(self) -> None:
        self._t = -math.inf
        self._fold = RunFold()
        self._read: dict[str, int] = {}
        chosen = chosen_dialect(self.run)
        for attempt in self.run.attempts():
            self._fold.look(attempt.number, lens_of(attempt, chosen))

    def _reveal(self, track: Track, end: int) -> None:
        begin = self._read.get(track.segment, 0)
        if end <= begin:
            return
        self._read[track.segment] = end
        number, _, part = track.segment.rpartition("/")
        if part == "console" and self._fold.attempt(int(number)).speaks:
            return
        with vault.opened(track.path) as file:
            file.seek(begin)
            while begin < end and (data := file.read(min(BLOCK, end - begin))):
                self._fold.feed(track.segment, data)
                begin += len(data)


def thinned(moments: list[float], most: int) -> list[float]:
    """At most so many of them, evenly, the first and the last among them."""
    if len(moments) <= most or most < 2:
        return moments[-most:] if most else []
    return [moments[index * (len(moments) - 1) // (most - 1)] for index in range(most)]


def play(replay: Replay, speed: float) -> Iterator[Frame]:
    """Frames on the clock, `speed` times as fast as it was; only when something was revealed."""
    t, shown = replay.start, -1
    while replay.moments:
        reached = bisect_right(replay.moments, t)
        if reached != shown:
            shown = reached
            yield replay.frame(min(t, replay.end))
        if reached >= len(replay.moments):
            return
        began = time.monotonic()
        time.sleep(TICK_S)
        t += (time.monotonic() - began) * speed
        # What nobody would watch is skipped: a night without a line.
        t = max(t, replay.moments[reached] - LONGEST_PAUSE_S * speed)
