"""A runner's segment folded: who runs, how it beats, what the machine measured, how it ended."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Callable, Mapping

from engine.events import Event
from engine.events import runner as say
from engine.events.notices import NoticeWatched, PreemptionNoticed
from engine.identity import Identity
from engine.scalars.changing import changed

KEPT_SIZES = 512
"""Entries of the time index kept by the scalar fold: enough to date every row of its window."""
KEPT_PULSES = 64
KEPT_HISTORY = 256
HISTORY_S = 10.0
"""Between two readings of the history: far enough apart that a forecast sees most of an hour at any pace."""


@dataclass(frozen=True)
class ExitFacts:
    """How the trainer ended. Neither code nor signal is known when nobody could see it end."""

    t: float | None
    code: int | None
    signal: int | None
    oom: bool
    duration_s: float | None
    step: int | None
    tail: tuple[str, ...]


@dataclass(frozen=True)
class RunnerFacts:
    """Everything the runner wrote, as of the bytes read so far."""

    runner: say.RunnerStarted | None = None
    runners: int = 0
    trainer: Identity | None = None
    started_t: float | None = None
    adopted: int = 0
    start_failed: say.StartFailed | None = None
    beat: say.Beat | None = None
    sizes: tuple[say.Grew, ...] = ()
    gpus: Mapping[int, Mapping[str, Any]] = field(default_factory=dict)
    pulses: tuple[say.Pulsed, ...] = ()
    history: tuple[say.Pulsed, ...] = ()
    """Fewer readings over a longer time, for forecasts."""
    orders: tuple[say.Ordered, ...] = ()
    refusals: tuple[say.OrderRefused, ...] = ()
    signals: tuple[say.Signalled, ...] = ()
    limit: say.LimitReached | None = None
    rules: tuple[say.RuleFired, ...] = ()
    notices: tuple[say.Notified, ...] = ()
    resume: say.ResumeJudged | None = None
    """The newest judgement of the resume with which this attempt began."""
    notice: NoticeWatched | None = None
    """What is known of the machine's notice of its end, as it was told last."""
    noticed: tuple[PreemptionNoticed, ...] = ()
    resets: int = 0
    skipped_bytes: int = 0
    disk_filled: say.DiskFilled | None = None
    sync_refused: say.SyncRefused | None = None
    orphans: tuple[int, ...] = ()
    exit: ExitFacts | None = None
    failed: str | None = None
    t: float | None = None
    """When the last fact was written."""

    @property
    def pulse(self) -> say.Pulsed | None:
        return self.pulses[-1] if self.pulses else None

    def when(self, segment: str, offset: int) -> float | None:
        """When the byte before `offset` of console or trainer was there, by the time index."""
        for entry in self.sizes:
            if (entry.console if segment == "console" else entry.trainer) >= offset:
                return entry.t
        return None

    def last_growth(self) -> float | None:
        return self.sizes[-1].t if self.sizes else None


def _identity(event: Any) -> Identity:
    return Identity(event.pid, event.start, event.boot)


def _found(facts: RunnerFacts, event: say.GpusFound) -> RunnerFacts:
    known = {g["i"]: g for g in event.gpus if isinstance(g.get("i"), int)}
    return changed(facts, gpus=known)


def _exited(facts: RunnerFacts, event: say.Exited) -> RunnerFacts:
    if facts.exit is not None:
        return facts
    ended = ExitFacts(
        event.t, event.code, event.signal, event.oom, event.duration_s, event.step, event.tail
    )
    return changed(facts, exit=ended)


def _pulsed(facts: RunnerFacts, event: say.Pulsed) -> RunnerFacts:
    history = facts.history
    # A clock that was set back begins anew.
    if not history or not 0.0 <= (event.t or 0.0) - (history[-1].t or 0.0) < HISTORY_S:
        history = (*history[1 - KEPT_HISTORY :], event)
    return changed(facts, pulses=(*facts.pulses[1 - KEPT_PULSES :], event), history=history)


def _once(facts: RunnerFacts, event: say.Ordered) -> RunnerFacts:
    if any(known.id == event.id for known in facts.orders):
        return facts
    return changed(facts, orders=(*facts.orders, event))


_FOLDS: dict[type[Event], Callable[[RunnerFacts, Any], RunnerFacts]] = {
    say.RunnerStarted: lambda f, e: changed(f, runner=e, runners=f.runners + 1, failed=None),
    say.Started: lambda f, e: changed(f, trainer=_identity(e), started_t=e.t),
    say.Adopted: lambda f, e: changed(f, trainer=_identity(e), adopted=f.adopted + 1),
    say.StartFailed: lambda f, e: changed(f, start_failed=e),
    say.Beat: lambda f, e: changed(f, beat=e),
    say.Grew: lambda f, e: changed(f, sizes=(*f.sizes[1 - KEPT_SIZES :], e)),
    say.GpusFound: _found,
    say.Pulsed: _pulsed,
    say.Ordered: _once,
    say.OrderRefused: lambda f, e: changed(f, refusals=(*f.refusals, e)),
    say.Signalled: lambda f, e: changed(f, signals=(*f.signals, e)),
    say.LimitReached: lambda f, e: changed(f, limit=f.limit or e),
    say.RuleFired: lambda f, e: changed(f, rules=(*f.rules, e)),
    say.Notified: lambda f, e: changed(f, notices=(*f.notices, e)),
    say.ResumeJudged: lambda f, e: changed(f, resume=e),
    NoticeWatched: lambda f, e: changed(f, notice=e),
    PreemptionNoticed: lambda f, e: changed(f, noticed=(*f.noticed, e)),
    say.LogReset: lambda f, e: changed(f, resets=f.resets + 1),
    say.ReadSkipped: lambda f, e: changed(f, skipped_bytes=f.skipped_bytes + e.bytes),
    say.DiskFilled: lambda f, e: changed(f, disk_filled=e),
    say.SyncRefused: lambda f, e: changed(f, sync_refused=f.sync_refused or e),
    say.OrphansSeen: lambda f, e: changed(f, orphans=e.pids),
    say.Exited: _exited,
    say.RunnerFailed: lambda f, e: changed(f, failed=e.error),
}


def fold(facts: RunnerFacts, event: Event) -> RunnerFacts:
    """The facts after one more event of a runner's segment."""
    step = _FOLDS[type(event)](facts, event)
    if event.t is None:
        return step
    if step is facts:
        return changed(step, t=event.t)
    step.__dict__["t"] = event.t  # made just now, and nobody has seen it yet
    return step
