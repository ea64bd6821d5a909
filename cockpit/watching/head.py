"""The head over a recording: where it stands, how fast it moves. Any thread may move it; it reads nothing."""

from __future__ import annotations

import threading
import time
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, replace

from cockpit.milestones import Milestone
from engine.replay import LONGEST_PAUSE_S

SPEEDS = (1.0, 2.0, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0, 600.0)
NEAR = 1e-6
"""Seconds within which the head stands on a moment."""


@dataclass(frozen=True)
class Position:
    """Where on its recording a replay stands. Times are Unix seconds by the user's clock."""

    start: float = 0.0
    end: float = 0.0
    now: float = 0.0
    playing: bool = True
    speed: float = 1.0
    loop: bool = False
    landmarks: tuple[Milestone, ...] = ()

    @property
    def share(self) -> float:
        length = self.end - self.start
        return min(max((self.now - self.start) / length, 0.0), 1.0) if length > 0 else 1.0


class Head:
    """`begin` lays a recording under it; until then it stands nowhere."""

    def __init__(self, speed: float = 1.0) -> None:
        self._lock = threading.Lock()
        self._moments: Sequence[float] = ()
        self._clock = time.monotonic()
        self.position = Position(speed=speed)

    def begin(self, moments: Sequence[float], landmarks: Sequence[Milestone]) -> None:
        start, end = (moments[0], moments[-1]) if moments else (0.0, 0.0)
        with self._lock:
            self._moments, self._clock = moments, time.monotonic()
            self.position = replace(
                self.position, start=start, end=end, now=start, landmarks=tuple(landmarks)
            )

    def advance(self) -> Position:
        """Time passes while it plays; what nobody would watch is skipped, a night without a line."""
        with self._lock:
            passed, self._clock = time.monotonic() - self._clock, time.monotonic()
            old = self.position
            if not old.playing:
                return old
            now = old.now + passed * old.speed
            coming = bisect_right(self._moments, old.now)
            if coming < len(self._moments):
                now = max(now, self._moments[coming] - LONGEST_PAUSE_S * old.speed)
            if now >= old.end:
                now = old.start if old.loop else old.end
            self.position = replace(old, now=now, playing=old.loop or now < old.end)
            return self.position

    def play(self) -> None:
        """Play or stand; from the end it begins anew."""
        old = self.position
        begin = old.start if not old.playing and old.now >= old.end else old.now
        self._put(playing=not old.playing, now=begin)

    def loop(self) -> None:
        self._put(loop=not self.position.loop)

    def faster(self, direction: int) -> None:
        known = self.position.speed
        place = min(range(len(SPEEDS)), key=lambda at: abs(SPEEDS[at] - known))
        self._put(speed=SPEEDS[min(max(place + direction, 0), len(SPEEDS) - 1)])

    def seek(self, share: float) -> None:
        """To this part of it; it goes on playing if it did."""
        old = self.position
        self._put(now=old.start + (old.end - old.start) * min(max(share, 0.0), 1.0))

    def step(self, direction: int) -> None:
        """To the next or the last moment at which anything came."""
        self._to(self._moments, direction)

    def mark(self, direction: int, kinds: tuple[str, ...] = ()) -> None:
        """To the next or the last landmark, of these kinds or of any."""
        found = self.position.landmarks
        times = {one.t for one in found if one.t is not None and (not kinds or one.kind in kinds)}
        self._to(sorted(times), direction)

    def _to(self, times: Sequence[float], direction: int) -> None:
        """To the nearest of these before or behind the head, which then stands."""
        now = self.position.now
        if direction > 0:
            place = bisect_right(times, now + NEAR)
        else:
            place = bisect_left(times, now - NEAR) - 1
        if 0 <= place < len(times):
            old = self.position
            self._put(now=min(max(times[place], old.start), old.end), playing=False)

    def _put(self, **changed: float | bool) -> None:
        with self._lock:
            self.position = replace(self.position, **changed)  # type: ignore[arg-type]
