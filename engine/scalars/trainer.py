"""A trainer's own events folded: its plan, phases, checkpoints, samples and words. Its rows go to a Tally."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Callable

from engine.events import Event
from engine.events import trainer as say

KEPT_WORDS = 64
KEPT_SAMPLES = 64


@dataclass(frozen=True)
class TrainerFacts:
    """Everything the trainer told by events, as of the bytes read so far."""

    planned: say.Planned | None = None
    phase: str | None = None
    phases: tuple[say.PhaseEntered, ...] = ()
    saved: tuple[say.Saved, ...] = ()
    samples: tuple[say.Sampled, ...] = ()
    said: tuple[say.Said, ...] = ()
    finished: say.Finished | None = None


def _entered(facts: TrainerFacts, event: say.PhaseEntered) -> TrainerFacts:
    return replace(facts, phase=event.phase, phases=(*facts.phases, event))


_FOLDS: dict[type[Event], Callable[[TrainerFacts, Any], TrainerFacts]] = {
    say.Planned: lambda f, e: replace(f, planned=e),
    say.PhaseEntered: _entered,
    say.Saved: lambda f, e: replace(f, saved=(*f.saved, e)),
    say.Sampled: lambda f, e: replace(f, samples=(*f.samples[1 - KEPT_SAMPLES :], e)),
    say.Said: lambda f, e: replace(f, said=(*f.said[1 - KEPT_WORDS :], e)),
    say.Finished: lambda f, e: replace(f, finished=e),
}


def fold(facts: TrainerFacts, event: Event) -> TrainerFacts:
    """The facts after one more event of a trainer's segment."""
    return _FOLDS[type(event)](facts, event)
