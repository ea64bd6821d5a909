"""A journal revealed on a clock: the same fold and the same Frame as of a live run, fed with prefixes.

Live is replay that has not finished, so nothing here judges anything: it decides how many bytes are
there at a moment, and when the next moment is. Going on costs what is new. Going back, or far, does not
go through the lines between: events are folded from the nearest place that was kept, rows are taken as columns.
"""

from __future__ import annotations

import time
from bisect import bisect_right
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from engine import vault
from engine.events import Segment
from engine.frame import Frame
from engine.observe import terms_of, told
from engine.reader import chosen_dialect, lens_of
from engine.runs import Run
from engine.scalars import KeeperFacts, keeper, runner
from engine.scalars.runner import RunnerFacts
from engine.stair import Stair
from engine.status import Status, Terms, describe
from engine.timeline import BLOCK, LONG, Track, events_of, moments_of, tracks
from engine.view import RunFold

if TYPE_CHECKING:  # numpy is loaded for long recordings alone
    from engine.columns.prefix import Prefixes

TICK_S = 0.1
"""At most ten frames a second."""
LONGEST_PAUSE_S = 2.0
"""Real seconds after which a pause of the recording is cut short."""
FAR = 256 << 10
"""Bytes of rows from which a jump is cheaper than going through them."""


class Replay:
    """One run as it was at any moment."""

    def __init__(self, run: Run) -> None:
        self.run = run
        self._tracks = tracks(run)
        self.moments = moments_of(self._tracks)
        self._terms: dict[int, Terms] = {}
        self._chosen = chosen_dialect(run)
        self._jumps = Jumps(run, self._tracks)
        self._read: dict[str, int] = {}
        self._begin()

    @property
    def start(self) -> float:
        return self.moments[0] if self.moments else 0.0

    @property
    def end(self) -> float:
        return self.moments[-1] if self.moments else 0.0

    def frame(self, t: float) -> Frame:
        """The run at this moment, by the user's clock."""
        wanted = {track.segment: track.end_at(t) for track in self._tracks}
        if any(end < self._read.get(segment, 0) for segment, end in wanted.items()):
            self._begin()
        if self._jumps.far(self._read, wanted):
            self._begin()
            self._read = self._jumps.take(self._fold, wanted)
        for track in self._tracks:
            self._reveal(track, wanted[track.segment])
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

    def _begin(self) -> None:
        """Nothing was revealed yet."""
        self._fold = RunFold()
        self._read = {}
        for attempt in self.run.attempts():
            self._fold.look(attempt.number, lens_of(attempt, self._chosen))

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


class Jumps:
    """The ways to a moment that leave out the lines before it. What cannot be jumped over is gone through."""

    def __init__(self, run: Run, found: list[Track]) -> None:
        self._run = run
        self._tracks = {track.segment: track for track in found}
        self._keeper: Stair[KeeperFacts] = Stair(
            run.keeper, Segment.KEEPER, keeper.fold, KeeperFacts()
        )
        self._runners: dict[str, Stair[RunnerFacts]] = {}
        self._rows: dict[str, Prefixes | None] = {}

    def far(self, read: Mapping[str, int], wanted: Mapping[str, int]) -> bool:
        """Whether there is much to go through of what can be jumped over."""
        return any(
            end - read.get(segment, 0) > FAR
            for segment, end in wanted.items()
            if segment.rpartition("/")[2] in ("trainer", "runner", "keeper")
        )

    def take(self, fold: RunFold, wanted: Mapping[str, int]) -> dict[str, int]:
        """Bring an empty fold there; the offsets that it stands at."""
        read: dict[str, int] = {}
        for segment, end in wanted.items():
            number, _, part = segment.rpartition("/")
            if not end or part in ("console", "files") or not self._aligned(segment, end):
                continue
            if part == "keeper":
                fold.stand(*self._keeper.at(end), end)
                read[segment] = end
            elif part == "runner":
                fold.attempt(int(number)).stand(*self._runner(segment).at(end), end)
                read[segment] = end
            elif part == "trainer" and (rows := self._prefixes(segment)) is not None:
                fold.attempt(int(number)).adopt(rows.ahead(end))
                read[segment] = end
        return read

    def _aligned(self, segment: str, end: int) -> bool:
        """A torn tail ends no line, and has to be fed."""
        with vault.opened(self._tracks[segment].path) as file:
            file.seek(max(end - 1, 0))
            return file.read(1) == b"\n"

    def _runner(self, segment: str) -> Stair[RunnerFacts]:
        if segment not in self._runners:
            path = self._tracks[segment].path
            self._runners[segment] = Stair(path, Segment.RUNNER, runner.fold, RunnerFacts())
        return self._runners[segment]

    def _prefixes(self, segment: str) -> Prefixes | None:
        """None where lines hold no fact, because nobody knows at which rows these stood."""
        if segment not in self._rows:
            self._rows[segment] = self._read_whole(segment)
        return self._rows[segment]

    def _read_whole(self, segment: str) -> Prefixes | None:
        from engine import columns
        from engine.columns.prefix import Prefixes

        attempt = self._run.attempt(int(segment.rpartition("/")[0]))
        if (vault.size(attempt.trainer) or 0) <= LONG:
            return None
        source = columns.of_trainer(self._run, attempt)
        table, events = source.poll(), events_of(attempt.trainer)
        whole = not table.unreadable and [line for _, line in events] == source.columns.lines()
        return Prefixes(table, events) if whole else None


def thinned(moments: list[float], most: int) -> list[float]:
    """At most so many of them, evenly, the first and the last among them."""
    if len(moments) <= most or most < 2:
        return moments[-most:] if most else []
    return [moments[index * (len(moments) - 1) // (most - 1)] for index in range(most)]


def play(replay: Replay, speed: float, begin: float | None = None) -> Iterator[Frame]:
    """Frames on the clock, `speed` times as fast as it was; only when something was revealed."""
    t, shown = replay.start if begin is None else begin, -1
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
