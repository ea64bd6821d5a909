"""Facts about a run as a whole, written by the user's-side process that keeps it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from engine.events import saves
from engine.events.base import Event


@dataclass(frozen=True)
class Accepted(Event):
    """The run exists: its frozen profile is on disk. Always the first event of a run."""

    name: ClassVar[str] = "accepted"
    schema: int
    """Version of the journal's format."""
    run: str
    profile: str
    digest: str
    """SHA-256 of the frozen profile."""
    host: str
    version: str
    """Version of the program that accepted it."""
    cwd: str
    """The user's project folder: where the command runs."""
    parent: str | None = None
    """Where a fork began: the run it came from."""
    resume_from: str | None = None
    """The checkpoint with which the first attempt begins."""
    resume_step: int | None = None
    commit: str | None = None
    """The project's commit, with `+n` for n files that differ from it."""


@dataclass(frozen=True)
class KeeperStarted(Event):
    """A keeper took the run over. Its identity is boot id + pid + start time."""

    name: ClassVar[str] = "keeper_started"
    pid: int
    start: int
    """Start time in clock ticks since boot."""
    boot: str
    version: str


@dataclass(frozen=True)
class Preparing(Event):
    """Something is brought to a machine, or made there, before an attempt can be opened."""

    name: ClassVar[str] = "preparing"
    machine: str
    what: str


@dataclass(frozen=True)
class Prepared(Event):
    """The machine has all that the attempt needs."""

    name: ClassVar[str] = "prepared"
    machine: str
    seconds: float
    outfit: str | None = None
    """Digest of the environment, where one was made."""


@dataclass(frozen=True)
class Unprepared(Event):
    """The machine could not be made ready, and why: no attempt is opened."""

    name: ClassVar[str] = "unprepared"
    machine: str
    reason: str


@dataclass(frozen=True)
class AttemptOpened(Event):
    """An execution on one machine is about to begin; written before its runner starts."""

    name: ClassVar[str] = "attempt_opened"
    attempt: int
    machine: str
    argv: tuple[str, ...]
    """The command, redacted."""
    cwd: str
    reason: str
    """launch, resume, or what is being recovered from."""
    resume_from: str | None = None
    resume_step: int | None = None
    change: str | None = None
    """What differs from the attempt before, where something does."""


@dataclass(frozen=True)
class AttemptLost(Event):
    """The trainer of this attempt is gone and left no exit record."""

    name: ClassVar[str] = "attempt_lost"
    attempt: int
    reason: str


@dataclass(frozen=True)
class RecoveryPlanned(Event):
    """A new attempt will be opened after a pause."""

    name: ClassVar[str] = "recovery_planned"
    after: int
    """The attempt that ended."""
    cause: str
    delay_s: float


@dataclass(frozen=True)
class RecoveryRefused(Event):
    """No further attempt will be made, and why."""

    name: ClassVar[str] = "recovery_refused"
    after: int
    cause: str
    reason: str


@dataclass(frozen=True)
class Requested(Event):
    """Somebody asked for something: stop, kill, save, note, resume. Recorded before it is passed on."""

    name: ClassVar[str] = "requested"
    id: str
    kind: str
    by: str
    reason: str | None = None
    resume_from: str | None = None
    resume_step: int | None = None
    patch: str | None = None
    """A reviewed diff in the run's folder, for a copy of the script."""


@dataclass(frozen=True)
class Noted(Event):
    """A person's words about the run."""

    name: ClassVar[str] = "noted"
    id: str
    text: str
    by: str


@dataclass(frozen=True)
class Typed(Event):
    """A person's word for what nobody measured: a mark, a price, a result of elsewhere. The newest of a key counts."""

    name: ClassVar[str] = "typed"
    id: str
    key: str
    value: str
    """Empty takes the word back."""
    by: str


@dataclass(frozen=True)
class ClockMeasured(Event):
    """How far the machine's clock is ahead of the user's."""

    name: ClassVar[str] = "clock_measured"
    machine: str
    offset_s: float
    plus_minus_s: float


@dataclass(frozen=True)
class DialectChosen(Event):
    """How the console is to be read from now on, for the whole run."""

    name: ClassVar[str] = "dialect_chosen"
    dialect: str
    by: str


@dataclass(frozen=True)
class ArtifactsChecked(Event):
    """What the profile expects to find at the end, and what was there. Globs stand for all they match."""

    name: ClassVar[str] = "artifacts_checked"
    attempt: int
    found: tuple[str, ...]
    missing: tuple[str, ...]


@dataclass(frozen=True)
class Closed(Event):
    """Nothing more will be started for this run unless somebody resumes it."""

    name: ClassVar[str] = "closed"
    attempt: int
    """The last attempt that counts for this closing."""


@dataclass(frozen=True)
class KeeperFailed(Event):
    """The keeper met something it could not handle; whoever reads next starts another."""

    name: ClassVar[str] = "keeper_failed"
    error: str


@dataclass(frozen=True)
class Informed(Event):
    """A notice that no runner could give, or that a runner left behind, reached a place or never will."""

    name: ClassVar[str] = "informed"
    attempt: int
    id: str
    alarm: str
    to: str
    sent: bool
    tries: int
    reason: str | None = None


KINDS = (
    Accepted,
    KeeperStarted,
    Preparing,
    Prepared,
    Unprepared,
    AttemptOpened,
    AttemptLost,
    RecoveryPlanned,
    RecoveryRefused,
    Requested,
    Noted,
    Typed,
    ClockMeasured,
    DialectChosen,
    ArtifactsChecked,
    Closed,
    Informed,
    KeeperFailed,
    *saves.KINDS,
)
