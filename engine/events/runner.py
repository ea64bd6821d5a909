"""Facts about one attempt, written by the small process beside the trainer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from engine.events import notices
from engine.events.base import Event, Rows, Table


@dataclass(frozen=True)
class RunnerStarted(Event):
    """A runner holds this attempt from now on."""

    name: ClassVar[str] = "runner_started"
    pid: int
    start: int
    boot: str
    version: str
    python: str
    machine: str
    beat_s: float
    pulse_s: float


@dataclass(frozen=True)
class Started(Event):
    """The trainer runs. Its identity is boot id + pid + start time; its session id is its pid."""

    name: ClassVar[str] = "started"
    pid: int
    start: int
    boot: str


@dataclass(frozen=True)
class Adopted(Event):
    """A new runner found the trainer of a dead one and watches it now."""

    name: ClassVar[str] = "adopted"
    pid: int
    start: int
    boot: str


@dataclass(frozen=True)
class StartFailed(Event):
    """The command could not be executed at all; an `exited` follows."""

    name: ClassVar[str] = "start_failed"
    reason: str
    errno: int | None = None


@dataclass(frozen=True)
class Beat(Event):
    """Proof of life. Written on a fixed clock whatever else happens."""

    name: ClassVar[str] = "beat"
    up_s: float
    """Seconds on the machine's monotonic clock since the trainer started."""
    alive: bool
    """The trainer exists and is not a zombie."""


@dataclass(frozen=True)
class Grew(Event):
    """The time index: sizes in bytes of the attempt's other segments at time t; at most ten a second, on change."""

    name: ClassVar[str] = "grew"
    console: int
    trainer: int


@dataclass(frozen=True)
class GpusFound(Event):
    """What stays the same about each GPU: `i` index, `uuid`, `name`, `mem` MiB, `watt` power limit. Again on change."""

    name: ClassVar[str] = "gpus_found"
    gpus: tuple[Table, ...]
    source: str | None = None
    """nvml or nvidia-smi."""
    driver: str | None = None
    problem: str | None = None
    """Why none can be read now; `gpus` are then the last known ones."""


@dataclass(frozen=True)
class Pulsed(Event):
    """One reading of GPUs and host. The short keys are described at `PulseReading` in `engine/runner/pulse.py`."""

    name: ClassVar[str] = "pulsed"
    gpus: Table | None = None
    """Columns of equal length; absent where there is no GPU."""
    host: Table | None = None
    procs: Rows | None = None
    """`[GPU's index, pid, MiB, rank, 1 ours or 0 not]` of each process on a GPU."""


@dataclass(frozen=True)
class Ordered(Event):
    """An order left by the keeper was taken up."""

    name: ClassVar[str] = "ordered"
    id: str
    kind: str
    by: str


@dataclass(frozen=True)
class OrderRefused(Event):
    """An order was taken up and cannot be carried out; an `ordered` with the same id stands before it."""

    name: ClassVar[str] = "order_refused"
    id: str
    reason: str


@dataclass(frozen=True)
class Signalled(Event):
    """A signal went to the trainer's own session, and why."""

    name: ClassVar[str] = "signalled"
    signal: str
    why: str


@dataclass(frozen=True)
class LimitReached(Event):
    """A limit of the profile was reached; what follows is the profile's word."""

    name: ClassVar[str] = "limit_reached"
    limit: str
    value: float
    cap: float
    then: str


@dataclass(frozen=True)
class RuleFired(Event):
    """An alarm's consequence: the profile asked for an action and the runner took it."""

    name: ClassVar[str] = "rule_fired"
    alarm: str
    action: str
    detail: str
    step: int | None = None


@dataclass(frozen=True)
class Notified(Event):
    """A notice of an alarm, or of the end, reached a place or never will. Told once for each place."""

    name: ClassVar[str] = "notified"
    id: str
    """The alarm, how often it was told before, and behind a dot the place's number."""
    alarm: str
    to: str
    """The profile's word for the place; never an address."""
    sent: bool
    tries: int
    reason: str | None = None
    """Why not."""


@dataclass(frozen=True)
class ResumeJudged(Event):
    """The first rows of a resumed trainer were held against what was expected of them. The newest such fact counts."""

    name: ClassVar[str] = "resume_judged"
    verdict: str
    """`proven`; `weak`, when nothing contradicts but no loss decides; `refuted`."""
    failed: tuple[str, ...]
    """What did not continue: step, loss, learning rate."""
    detail: str
    step: int | None = None
    """The first step that was told."""
    action: str | None = None
    """`stop` when the trainer was ended for it."""


@dataclass(frozen=True)
class LogReset(Event):
    """A file of the trainer was truncated or replaced; reading began anew at its start."""

    name: ClassVar[str] = "log_reset"
    file: str
    reason: str


@dataclass(frozen=True)
class ReadSkipped(Event):
    """Bytes that no rule saw, because the reader's share of a core was used up."""

    name: ClassVar[str] = "read_skipped"
    file: str
    bytes: int


@dataclass(frozen=True)
class DiskFilled(Event):
    """The disk under the run had no room; what could not be written is lost, the trainer was left alone."""

    name: ClassVar[str] = "disk_filled"
    path: str
    free_bytes: int | None = None


@dataclass(frozen=True)
class SyncRefused(Event):
    """The disk refused to make this segment durable; a crash may take what was written since the last good sync."""

    name: ClassVar[str] = "sync_refused"
    error: str


@dataclass(frozen=True)
class OrphansSeen(Event):
    """The trainer is gone but processes of its session live on."""

    name: ClassVar[str] = "orphans_seen"
    pids: tuple[int, ...]


@dataclass(frozen=True)
class Exited(Event):
    """The trainer ended. Exactly one of code and signal is known, or neither when nobody could see it end."""

    name: ClassVar[str] = "exited"
    code: int | None
    signal: int | None
    oom: bool
    """The kernel killed it for memory, by its cgroup's counter."""
    duration_s: float | None
    step: int | None
    """The last step it reported."""
    tail: tuple[str, ...]
    """The console's last lines, redacted."""


@dataclass(frozen=True)
class RunnerFailed(Event):
    """The runner met something it could not handle; the next one adopts the trainer."""

    name: ClassVar[str] = "runner_failed"
    error: str


KINDS = (
    RunnerStarted,
    Started,
    Adopted,
    StartFailed,
    Beat,
    Grew,
    GpusFound,
    Pulsed,
    Ordered,
    OrderRefused,
    Signalled,
    LimitReached,
    RuleFired,
    Notified,
    ResumeJudged,
    *notices.KINDS,
    LogReset,
    ReadSkipped,
    DiskFilled,
    SyncRefused,
    OrphansSeen,
    Exited,
    RunnerFailed,
)
