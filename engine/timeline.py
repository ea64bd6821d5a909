"""When each byte of a run was there: the order in which a replay reveals its segments.

A line of an event segment carries its own time; a console has none, so the runner's notes of file
sizes date it, and bound what a trainer's own clock claims. Within a segment time never runs back.
"""

from __future__ import annotations

import math
from array import array
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path

from engine import vault
from engine.clock import ahead_s
from engine.events import Lines
from engine.events.base import number
from engine.events.wire import parse
from engine.journal import Follower
from engine.runs import Attempt, Run
from engine.scalars import KeeperFacts
from engine.sizes import Sizes
from engine.view import RunFold

BLOCK = 1 << 20
LONG = 64 << 10
"""Bytes of a trainer's segment from which reading it as columns is quicker than a line at a time."""
MANY = 10_000
EVENT = b'{"e":"'


@dataclass
class Track:
    """One segment: at `times[i]` its first `ends[i]` bytes are there. Neither ever falls."""

    segment: str
    path: Path
    times: array[float] = field(default_factory=lambda: array("d"))
    ends: array[int] = field(default_factory=lambda: array("q"))

    def mark(self, t: float | None, end: int) -> None:
        """These bytes are there from `t` on, or as soon as those before them."""
        last = self.times[-1] if self.times else -math.inf
        known = t if t is not None and math.isfinite(t) else last
        if self.times and known <= last:
            self.ends[-1] = max(end, self.ends[-1])
        else:
            self.times.append(max(known, last))
            self.ends.append(end)

    def end_at(self, t: float) -> int:
        """Bytes that are there at `t`."""
        at = bisect_right(self.times, t)
        return self.ends[at - 1] if at else 0


def tracks(run: Run) -> list[Track]:
    """All segments of a run by the user's clock, in the order (attempt, segment)."""
    keeper = _event_track("keeper", run.keeper, 0.0, None)
    found = [keeper]
    facts = _keeper(run)
    for attempt in run.attempts():
        found += _attempt(run, attempt, ahead_s(facts, attempt.number))
    begun = min((t.times[0] for t in found if t.times and t.times[0] > -math.inf), default=0.0)
    for track in found:
        if track.times and track.times[0] == -math.inf:
            track.times[0] = begun
    return [track for track in found if track.times]


def _attempt(run: Run, attempt: Attempt, ahead: float) -> Iterator[Track]:
    sizes = Sizes()
    for piece, _ in blocks(attempt.runner):
        sizes.feed(piece)
    number = attempt.number
    runner = _event_track(f"{number}/runner", attempt.runner, ahead, None)
    trainer = None
    if (vault.size(attempt.trainer) or 0) > LONG:
        trainer = _rows_track(f"{number}/trainer", run, attempt, (ahead, sizes))
    if trainer is None:
        trainer = _event_track(f"{number}/trainer", attempt.trainer, ahead, sizes)
    files = _event_track(f"{number}/files", attempt.files, ahead, None)
    console = Track(f"{number}/console", attempt.console)
    size = vault.size(attempt.console) or 0
    for t, end in sizes.notes("console"):
        console.mark(t - ahead, min(end, size))
    last = max(
        (track.times[-1] for track in (runner, trainer, files, console) if track.times),
        default=None,
    )
    if size:
        console.mark(last, size)
    yield from (runner, trainer, files, console)


def moments_of(found: list[Track]) -> list[float]:
    """Every time at which anything came, rising, each once."""
    if sum(len(track.times) for track in found) <= MANY:
        return sorted(set(chain.from_iterable(track.times for track in found)))
    import numpy as np

    return [float(t) for t in np.unique(np.concatenate([np.array(track.times) for track in found]))]


def events_of(path: Path) -> list[tuple[int, bytes]]:
    """The lines of a trainer's segment that begin as events do, each with the offset behind it."""
    found, tail, at = [], b"", 0
    for piece, end in blocks(path):
        data = tail + piece
        begin = 0 if data.startswith(EVENT) and not at else data.find(b"\n" + EVENT) + 1
        while data.startswith(EVENT, begin) and (stop := data.find(b"\n", begin)) >= 0:
            found.append((at + stop + 1, data[begin:stop]))
            begin = (
                stop + 1 if data.startswith(EVENT, stop + 1) else data.find(b"\n" + EVENT, stop) + 1
            )
            if begin == 0:
                break
        # From the last line break on it is looked at once more, with what comes behind it.
        tail = data[max(data.rfind(b"\n"), 0) :]
        at = end - len(tail)
    return found


def _rows_track(
    segment: str, run: Run, attempt: Attempt, index: tuple[float, Sizes]
) -> Track | None:
    """The same track of a long segment, from columns; None where a line of it holds no fact."""
    import numpy as np

    from engine import columns

    ahead, sizes = index
    source = columns.of_trainer(run, attempt)
    table, events = source.poll(), events_of(attempt.trainer)
    if table.unreadable or [line for _, line in events] != source.columns.lines():
        return None
    told = [number((parse(line) or {}).get("t")) for _, line in events]
    t = np.concatenate(
        (table.t.spread(len(table)), [np.nan if one is None else one for one in told])
    )
    ends = np.concatenate((table.ends, np.array([end for end, _ in events], np.int64)))
    order = np.argsort(ends, kind="stable")
    t, ends = t[order], ends[order]
    noted, marks = (np.array(column) for column in sizes.index("trainer"))
    known = np.append(noted, np.nan)[np.searchsorted(marks, ends, "left")]
    t = np.where(np.isfinite(known) & ~(t <= known), known, t) - ahead
    reached = np.maximum.accumulate(np.where(np.isfinite(t), t, -math.inf))
    last = np.append(
        reached[1:] != reached[:-1], True
    )  # of lines of one moment the end of the last
    track = Track(segment, attempt.trainer, array("d", reached[last]), array("q", ends[last]))
    if size := vault.size(attempt.trainer):
        track.mark(None, size)
    return track


def _event_track(segment: str, path: Path, ahead: float, sizes: Sizes | None) -> Track:
    """A track dated by its own lines; a torn tail and what is no line come with the line before."""
    track, lines, size = Track(segment, path), Lines(), 0
    for piece, size in blocks(path):  # noqa: B007 (the last one is the file's)
        for line, end in lines.feed(piece):
            t = number((parse(line) or {}).get("t"))
            noted = sizes.when("trainer", end) if sizes else None
            if noted is not None and (t is None or not t <= noted):
                t = noted
            track.mark(None if t is None else t - ahead, end)
    if size:
        track.mark(None, size)
    return track


def blocks(path: Path) -> Iterator[tuple[bytes, int]]:
    """A file's bytes as it is now, each block with the offset behind it."""
    follower = Follower(path)
    while (piece := follower.read(BLOCK)).data:
        yield piece.data, piece.end


def _keeper(run: Run) -> KeeperFacts:
    fold = RunFold()
    for piece, _ in blocks(run.keeper):
        fold.feed("keeper", piece)
    return fold.view().keeper
