"""The seven answers as values: what `engine status` prints, `--json` writes and a screen shows.

Every field is always there. None is unknown, never 0. Times are Unix seconds, durations end in
`_s`, sizes are bytes, money is dollars. `engine/schemas/status.json` says the same to machines.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from engine.events.base import plain
from engine.status.success import Success

SCHEMA = 1


@dataclass(frozen=True)
class Best:
    """The lowest finite value of an evaluation loss, or of the loss where nothing was evaluated."""

    metric: str | None = None
    value: float | None = None
    step: int | None = None


@dataclass(frozen=True)
class Alive:
    """Age of the runner's last word, and the trainer's process; nothing once the run has ended."""

    beat_s: float | None = None
    pid: int | None = None


@dataclass(frozen=True)
class Learning:
    """`verdict` is down, flat, up, diverging or unknown; the slope is that of the loss."""

    verdict: str = "unknown"
    slope_per_1k: float | None = None


@dataclass(frozen=True)
class Eta:
    """When the last step will be made, if steps go on to take as long as the recent ones."""

    at: float | None = None
    plus_minus_s: float | None = None


@dataclass(frozen=True)
class Cost:
    """Dollars, dollars an hour, and the limit in dollars. Unknown where no price is."""

    spent: float | None = None
    rate: float | None = None
    cap: float | None = None


@dataclass(frozen=True)
class AtRisk:
    """Work that no safe checkpoint holds; `newest_safe` is the name of the newest that does."""

    steps: int | None = None
    seconds: float | None = None
    dollars: float | None = None
    newest_safe: str | None = None


@dataclass(frozen=True)
class Gpu:
    """One GPU as read at `as_of`. `util` is percent; `throttle` names the reasons, "" is none."""

    index: int
    name: str | None = None
    util: float | None = None
    mem_used: int | None = None
    mem_total: int | None = None
    temp_c: float | None = None
    power_w: float | None = None
    throttle: str | None = None
    as_of: float | None = None
    state: str | None = None


@dataclass(frozen=True)
class Need:
    """Something that wants a person, and what helps."""

    alarm: str
    since: float | None
    fix: str
    detail: str
    red: bool
    step: int | None = None


@dataclass(frozen=True)
class Checkpoint:
    """`verified`: manifest and sizes agree; None where nobody could look. `where` is a place."""

    name: str
    path: str
    step: int | None
    bytes: int | None
    verified: bool | None
    where: str | None


@dataclass(frozen=True)
class Exit:
    """How it ended; nothing of it is known while it goes on."""

    code: int | None = None
    signal: int | None = None
    reason: str | None = None


@dataclass(frozen=True)
class AttemptLine:
    """One execution."""

    n: int
    machine: str | None
    exit: Exit


@dataclass(frozen=True)
class Status:
    """All that can be said of a run in one moment. `engine wait` exits with `exit_status`."""

    run: str
    profile: str | None
    host: str | None
    parent: str | None
    state: str
    word: str
    reason: str | None
    exit_status: int | None
    phase: str | None
    step: int | None
    total: int | None
    metrics: Mapping[str, float]
    best: Best
    alive: Alive
    learning: Learning
    eta: Eta
    cost: Cost
    at_risk: AtRisk
    gpus: tuple[Gpu, ...]
    needs: tuple[Need, ...]
    checkpoints: tuple[Checkpoint, ...]
    attempts: tuple[AttemptLine, ...]
    exit: Exit
    as_of: float
    success: Success | None = None
    """How the profile's gates and tiers stand; None where it has none."""

    def table(self) -> dict[str, Any]:
        """As JSON can hold it. `position` is a replay's word, null for a run that is looked at now."""
        told = {**dataclasses.asdict(self), "success": self.success and self.success.table()}
        table = plain({"schema": SCHEMA, **told, "position": None})
        assert isinstance(table, dict)
        return table
