"""A runner's segment folded: who runs, how it beats, what the machine measured, how it ended."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any, Callable, Dict, Mapping, Optional, Tuple, Type

from engine.events import Event
from engine.events import runner as say
from engine.procs import Identity

KEPT_SIZES = 512
"""Entries of the time index kept by the scalar fold: enough to date every row of its window."""
KEPT_PULSES = 64


@dataclass(frozen=True)
class ExitFacts:
    """How the trainer ended. Neither code nor signal is known when nobody could see it end."""

    t: Optional[float]
    code: Optional[int]
    signal: Optional[int]
    oom: bool
    duration_s: Optional[float]
    step: Optional[int]
    tail: Tuple[str, ...]


@dataclass(frozen=True)
class RunnerFacts:
    """Everything the runner wrote, as of the bytes read so far."""

    runner: Optional[say.RunnerStarted] = None
    runners: int = 0
    trainer: Optional[Identity] = None
    started_t: Optional[float] = None
    adopted: int = 0
    start_failed: Optional[say.StartFailed] = None
    beat: Optional[say.Beat] = None
    sizes: Tuple[say.Grew, ...] = ()
    gpus: Mapping[int, Mapping[str, Any]] = field(default_factory=dict)
    pulses: Tuple[say.Pulsed, ...] = ()
    orders: Tuple[say.Ordered, ...] = ()
    signals: Tuple[say.Signalled, ...] = ()
    limit: Optional[say.LimitReached] = None
    rules: Tuple[say.RuleFired, ...] = ()
    resets: int = 0
    skipped_bytes: int = 0
    disk_filled: Optional[say.DiskFilled] = None
    orphans: Tuple[int, ...] = ()
    exit: Optional[ExitFacts] = None
    failed: Optional[str] = None
    t: Optional[float] = None
    """When the last fact was written."""

    @property
    def pulse(self) -> Optional[say.Pulsed]:
        return self.pulses[-1] if self.pulses else None

    def when(self, segment: str, offset: int) -> Optional[float]:
        """When the byte before `offset` of console or trainer was there, by the time index."""
        for entry in self.sizes:
            if (entry.console if segment == "console" else entry.trainer) >= offset:
                return entry.t
        return None

    def last_growth(self) -> Optional[float]:
        return self.sizes[-1].t if self.sizes else None


def _identity(event: Any) -> Identity:
    return Identity(event.pid, event.start, event.boot)


def _found(facts: RunnerFacts, event: say.GpusFound) -> RunnerFacts:
    known = {g["i"]: g for g in event.gpus if isinstance(g.get("i"), int)}
    return replace(facts, gpus=known)


def _exited(facts: RunnerFacts, event: say.Exited) -> RunnerFacts:
    if facts.exit is not None:
        return facts
    ended = ExitFacts(
        event.t, event.code, event.signal, event.oom, event.duration_s, event.step, event.tail
    )
    return replace(facts, exit=ended)


def _once(facts: RunnerFacts, event: say.Ordered) -> RunnerFacts:
    if any(known.id == event.id for known in facts.orders):
        return facts
    return replace(facts, orders=facts.orders + (event,))


_FOLDS: Dict[Type[Event], Callable[[RunnerFacts, Any], RunnerFacts]] = {
    say.RunnerStarted: lambda f, e: replace(f, runner=e, runners=f.runners + 1, failed=None),
    say.Started: lambda f, e: replace(f, trainer=_identity(e), started_t=e.t),
    say.Adopted: lambda f, e: replace(f, trainer=_identity(e), adopted=f.adopted + 1),
    say.StartFailed: lambda f, e: replace(f, start_failed=e),
    say.Beat: lambda f, e: replace(f, beat=e),
    say.Grew: lambda f, e: replace(f, sizes=f.sizes[1 - KEPT_SIZES :] + (e,)),
    say.GpusFound: _found,
    say.Pulsed: lambda f, e: replace(f, pulses=f.pulses[1 - KEPT_PULSES :] + (e,)),
    say.Ordered: _once,
    say.Signalled: lambda f, e: replace(f, signals=f.signals + (e,)),
    say.LimitReached: lambda f, e: replace(f, limit=f.limit or e),
    say.RuleFired: lambda f, e: replace(f, rules=f.rules + (e,)),
    say.LogReset: lambda f, e: replace(f, resets=f.resets + 1),
    say.ReadSkipped: lambda f, e: replace(f, skipped_bytes=f.skipped_bytes + e.bytes),
    say.DiskFilled: lambda f, e: replace(f, disk_filled=e),
    say.OrphansSeen: lambda f, e: replace(f, orphans=e.pids),
    say.Exited: _exited,
    say.RunnerFailed: lambda f, e: replace(f, failed=e.error),
}


def fold(facts: RunnerFacts, event: Event) -> RunnerFacts:
    """The facts after one more event of a runner's segment."""
    step = _FOLDS[type(event)](facts, event)
    return step if event.t is None else replace(step, t=event.t)
