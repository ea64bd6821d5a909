"""All runs, newest first, a line for each: what is final comes from its kept row, what lives is followed."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING

from cockpit.watching.marks import marks
from engine import index
from engine.cli.target import REWAKE_S, ours
from engine.errors import Problem
from engine.runs import Run

if TYPE_CHECKING:  # folding is loaded only for runs that need it
    from cockpit.watching.moment import Moment
    from engine.observe import Observer
    from engine.status import Status
    from engine.status.answers import Need
    from engine.view import View

BATCH_S = 0.25
"""Seconds of reading after which what is known so far is shown."""
EVERY_S = 2.0
SILENT_S = 4.0
TREND = 16
GLANCE_S = 0.05
"""Seconds of each look for the trends of runs that have ended."""
SMALL = 2 << 20
"""Bytes of a console that is worth reading for a trend."""
MEDIUM = 16 << 20
"""Bytes of an ended run that is worth reading for what it wants."""
Runs = Callable[[], list[Run]]
Seen = Callable[[str], "Moment | None"]
"""What the screens of a run know of it, by its name; None while it has none."""


@dataclass(frozen=True)
class Row:
    """A run in a list. Only `run` is known before it was read; None is unknown."""

    run: Run
    state: str = ""
    word: str = "…"
    host: str | None = None
    phase: str | None = None
    step: int | None = None
    total: int | None = None
    loss: float | None = None
    learning: str = ""
    eta: float | None = None
    spent: float | None = None
    at_risk_s: float | None = None
    needs: int = 0
    exit_status: int | None = None
    trend: tuple[float, ...] = ()
    wants: tuple[Need, ...] = ()
    """What needs somebody, of a run that was looked into."""
    rate: float | None = None
    cap: float | None = None
    """Dollars an hour, and the most that it may cost: known of runs that are followed."""

    @property
    def live(self) -> bool:
        return bool(self.state) and self.exit_status is None


@dataclass(frozen=True)
class Fleet:
    """Every run, and how many of them were read so far."""

    rows: tuple[Row, ...] = ()
    read: int = 0
    now: float = 0.0


class Roster:
    """Follows a folder of runs. What somebody else reads at length anyway is not read a second time."""

    def __init__(self, runs: Runs, seen: Seen = lambda name: None) -> None:
        self._runs, self._seen_elsewhere = runs, seen
        self._rows: dict[str, Row] = {}
        self._live: dict[str, Observer] = {}
        self._woken: dict[str, float] = {}
        self._bare: list[str] = []
        self._unread: list[Run] = []
        self._marks: dict[str, tuple[object, float]] = {}
        self._next = -math.inf

    def look(self) -> Fleet | None:
        """New rows come in batches; the folder and what lives in it are looked at every two seconds."""
        now = time.monotonic()
        if now < self._next and not self._unread and not self._bare:
            return None
        runs = self._runs()
        self._unread = [run for run in runs if run.id not in self._rows]
        if not self._unread and self._bare:
            self._glance()
        begun = time.monotonic()
        for run in list(self._unread):
            self._read(run)
            self._unread.remove(run)
            if time.monotonic() - begun > BATCH_S:
                break
        if now >= self._next:
            self._next = now + EVERY_S
            self._refresh(now)
        rows = tuple(self._rows.get(run.id) or Row(run) for run in runs)
        return Fleet(rows, sum(bool(row.state) for row in rows), time.time())

    def _read(self, run: Run) -> None:
        if self._told(run):
            return
        try:
            found = index.row(run)
        except OSError as error:
            self._rows[run.id] = Row(run, "unread", f"UNREADABLE {error.errno}", exit_status=3)
            return
        self._rows[run.id] = _kept(run, found)
        if index.is_live(found):
            from engine.observe import Observer

            self._live[run.id] = Observer(run)
            self._follow(run.id, found["keeper"])
        else:
            self._bare.append(run.id)

    def _refresh(self, now: float) -> None:
        """What nothing came of is judged anew now and then: silence means something, too."""
        for name, observer in list(self._live.items()):
            if self._told(observer.run):
                continue
            seen, judged = self._marks.get(name, (None, -math.inf))
            found = marks(observer.run)
            if found != seen or now - judged >= SILENT_S:
                self._marks[name] = found, now
                self._follow(name, None)

    def _told(self, run: Run) -> bool:
        """Whether a screen of this run looks at it; what that has read so far is not all while it is behind."""
        moment = self._seen_elsewhere(run.id)
        if moment is None or moment.behind:
            return moment is not None
        from engine.observe import Observer

        self._rows[run.id] = _row(run, moment.status, _curve(moment.frame.view))
        if moment.status.exit_status is None:
            self._live.setdefault(run.id, Observer(run))
        else:
            self._live.pop(run.id, None)
        return True

    def _follow(self, name: str, keeper: bool | None) -> None:
        observer = self._live[name]
        try:
            frame = observer.frame()
            status = observer.status(frame)
        except OSError:
            return
        self._rows[name] = _row(observer.run, status, _curve(frame.view))
        if status.exit_status is not None:
            del self._live[name]
        elif not frame.sight.keeper_alive:
            self._wake(observer.run)

    def _glance(self) -> None:
        """What an ended run's kept row does not hold: its trend, and what it wants."""
        begun = time.monotonic()
        while self._bare and time.monotonic() - begun < GLANCE_S:
            name = self._bare.pop(0)
            row = self._rows[name]
            if row.needs and _weight(row.run) <= MEDIUM:
                self._rows[name] = self._seen(row.run)
            else:
                self._rows[name] = replace(row, trend=_trend(losses(row.run)))

    @staticmethod
    def _seen(run: Run) -> Row:
        from engine.observe import Observer

        observer = Observer(run)
        frame = observer.frame()
        return _row(run, observer.status(frame), _curve(frame.view))

    def _wake(self, run: Run) -> None:
        now = time.monotonic()
        if now - self._woken.get(run.id, -math.inf) <= REWAKE_S or not ours(run):
            return
        self._woken[run.id] = now
        from engine import control

        try:
            control.ensure_keeper(run)
        except (Problem, OSError):
            return


def _kept(run: Run, found: index.Row) -> Row:
    """From the row of `engine ls`."""
    return Row(
        run,
        found["state"],
        found["word"],
        found["host"],
        found["phase"],
        found["step"],
        found["total"],
        _number(found["loss"]),
        found["learning"],
        _number(found["eta"]),
        _number(found["spent"]),
        _number(found["at_risk_s"]),
        found["needs"],
        found["exit_status"],
    )


def _row(run: Run, status: Status, trend: tuple[float, ...]) -> Row:
    row = Row(run, status.state, status.word, status.host, status.phase, status.step, status.total)
    return replace(
        row,
        loss=status.metrics.get("loss"),
        learning=status.learning.verdict,
        eta=status.eta.at,
        spent=status.cost.spent,
        rate=status.cost.rate,
        cap=status.cost.cap,
        at_risk_s=status.at_risk.seconds,
        needs=len(status.needs),
        exit_status=status.exit_status,
        trend=trend,
        wants=status.needs,
    )


def _weight(run: Run) -> int:
    """Bytes that a whole look at it reads."""
    files = [file for one in run.attempts() for file in (one.trainer, one.console, one.runner)]
    return sum(file.stat().st_size for file in files if file.is_file())


def losses(run: Run) -> list[float]:
    """Of the newest attempt, from a few of its rows."""
    from engine.columns import Source, preview
    from engine.reader import chosen_dialect, lens_of

    attempts = run.attempts()
    if not attempts:
        return []
    try:
        table = preview(attempts[-1].trainer, 4 * TREND)
        if not len(table) and attempts[-1].console.stat().st_size <= SMALL:
            table = Source(
                attempts[-1].console, None, lens_of(attempts[-1], chosen_dialect(run))
            ).poll()
    except OSError:
        return []
    return [float(value) for value in table.points("loss")[1]]


def _curve(view: View) -> tuple[float, ...]:
    from engine.status.pace import curve

    return _trend([value for _, value in curve(view, "loss")])


def _trend(points: list[float]) -> tuple[float, ...]:
    """As many values as a small picture has columns: of each stretch the highest, so no spike is lost."""
    finite = [value for value in points if math.isfinite(value)]
    if len(finite) <= TREND:
        return tuple(finite)
    edges = [at * len(finite) // TREND for at in range(TREND + 1)]
    return tuple(max(finite[a:b]) for a, b in pairwise(edges))


def _number(value: float | str | None) -> float | None:
    """Rows are JSON, where a number that is not finite is a word."""
    return None if value is None else float(value)
