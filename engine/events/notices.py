"""Facts about the notice that a machine gives of its own end. They stand in the runner's segment."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from engine.events.base import Event


@dataclass(frozen=True)
class NoticeWatched(Event):
    """Whether this machine's notice of its own end is heard, and whether a save fits into it. Again on change."""

    name: ClassVar[str] = "notice_watched"
    heard: bool
    """The provider's metadata server answers."""
    within_s: float
    """Seconds from the notice to the end of the machine."""
    save_s: float | None = None
    """The longest of the newest saves; null before one was measured."""
    fits: bool | None = None
    """Null: unknown before a save was measured."""
    reason: str | None = None
    """Why it is not heard, or why nothing can be saved."""


@dataclass(frozen=True)
class PreemptionNoticed(Event):
    """The machine is about to be taken away, and what is done about it; written before it is done."""

    name: ClassVar[str] = "preemption_noticed"
    source: str
    """`metadata`: the provider takes it; `shutdown`: its system goes down."""
    within_s: float
    action: str
    """`save`: the trainer is asked to save and to end; `none`."""
    detail: str
    save_s: float | None = None
    step: int | None = None
    """The last step that was told."""


KINDS = (NoticeWatched, PreemptionNoticed)
