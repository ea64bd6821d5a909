"""`job.json`: what the runner is to do. Read strictly, because a wrong word here would start a wrong command."""

from __future__ import annotations

import json
import signal
from dataclasses import dataclass, field
from typing import Any, Mapping

from engine.alarms import Agreed
from engine.dialects import Lens, lens
from engine.events.base import number
from engine.proof import Proof


class BadJob(ValueError):
    """The job cannot be followed; the message names the key."""


@dataclass(frozen=True)
class Limits:
    """None: no such limit. `then` is the profile's word for what follows, `notify` meaning nothing."""

    hours: float | None = None
    dollars: float | None = None
    price_hour: float | None = None
    idle_minutes: float | None = None
    then: str = "stop"


@dataclass(frozen=True)
class Notify:
    """Whom to tell: channels, the command behind the channel `command`, and secrets that hold addresses."""

    to: tuple[str, ...] = ()
    command: tuple[str, ...] = ()
    secrets: tuple[str, ...] = ()


@dataclass(frozen=True)
class Job:
    """One attempt's work. Times in seconds."""

    run: str
    attempt: int
    argv: tuple[str, ...]
    cwd: str
    env: Mapping[str, str] = field(default_factory=dict)
    bin: str | None = None
    """Programs of the environment that was made for it, before all others."""
    secrets: tuple[str, ...] = ()
    total: int | None = None
    lens: Lens = field(default_factory=Lens)
    """How the console is read for the rules."""
    files: tuple[str, ...] = ()
    """Globs of files with metrics that the script writes."""
    hook: bool = False
    """Metrics are also read inside the script, by a file on its PYTHONPATH."""
    beat_s: float = 5.0
    pulse_s: float = 5.0
    grace_s: float = 30.0
    save_signal: int | None = None
    """The signal that this trainer understands as "save and go on"; foreign scripts die of it, so None."""
    notice_s: float = 30.0
    """From the notice that the machine is taken to its end; 30 is what a Spot VM has without a longer one agreed."""
    save_s: float | None = None
    """How long a save took before this attempt, where one was measured."""
    limits: Limits = field(default_factory=Limits)
    alerts: Mapping[str, Any] = field(default_factory=dict)
    notify: Notify = field(default_factory=Notify)
    agreed: Agreed = field(default_factory=Agreed)
    """What rules need besides thresholds: bands, limits, where a resume goes on."""
    proof: Proof | None = None
    """What the first rows of a resumed trainer must agree with."""


def read(path: str) -> Job:
    """The job in this file."""
    try:
        with open(path, "rb") as file:
            found = json.loads(file.read())
    except (OSError, ValueError, RecursionError) as error:
        raise BadJob(f"job.json: {error}") from None
    if not isinstance(found, dict):
        raise BadJob("job.json: an object expected")
    if found.get("schema", 1) != 1:
        raise BadJob("job.json: written by a newer version; update the runner")
    return of(found)


def of(found: Mapping[str, Any]) -> Job:
    """The job in a parsed object."""
    argv = _texts(found, "argv")
    if not argv or not argv[0]:
        raise BadJob("job.json: argv: the command is missing")
    return Job(
        run=_text(found, "run"),
        attempt=int(_number(found, "attempt", 1) or 1),
        argv=argv,
        cwd=_text(found, "cwd"),
        env=_pairs(found, "env"),
        bin=found["bin"] if isinstance(found.get("bin"), str) else None,
        secrets=_texts(found, "secrets"),
        total=_total(found),
        lens=lens(found),
        files=_texts(_table(found, "log"), "files"),
        hook=_table(found, "log").get("hook") is True,
        beat_s=_number(found, "beat_s", 5.0) or 5.0,
        pulse_s=_number(found, "pulse_s", 5.0) or 5.0,
        grace_s=_number(found, "grace_s", 30.0) or 0.0,
        save_signal=_signal(found),
        notice_s=_number(found, "notice_s", 30.0) or 0.0,
        save_s=_number(found, "save_s"),
        limits=_limits(_table(found, "limits")),
        alerts=_table(found, "alerts"),
        notify=_notify(_table(found, "notify")),
        agreed=Agreed.of(found),
        proof=Proof.of(_table(found, "proof")) if found.get("proof") else None,
    )


def _limits(found: Mapping[str, Any]) -> Limits:
    return Limits(
        hours=_number(found, "hours"),
        dollars=_number(found, "dollars"),
        price_hour=_number(found, "price_hour"),
        idle_minutes=_number(found, "idle_minutes"),
        then=_text(found, "then", "stop"),
    )


def _notify(found: Mapping[str, Any]) -> Notify:
    return Notify(_texts(found, "to"), _texts(found, "command"), _texts(found, "secrets"))


def _total(found: Mapping[str, Any]) -> int | None:
    total = _number(found, "total")
    return None if total is None else int(total)


def _signal(found: Mapping[str, Any]) -> int | None:
    name = found.get("save_signal")
    if name is None:
        return None
    try:
        return int(signal.Signals[name])
    except KeyError:
        raise BadJob(f"job.json: save_signal: there is no signal {name!r}") from None


def _text(found: Mapping[str, Any], key: str, default: str | None = None) -> str:
    value = found.get(key, default)
    if not isinstance(value, str) or "\0" in value:
        raise BadJob(f"job.json: {key}: a text expected")
    return value


def _texts(found: Mapping[str, Any], key: str) -> tuple[str, ...]:
    values = found.get(key) or []
    if not isinstance(values, list) or not all(_plain(value) for value in values):
        raise BadJob(f"job.json: {key}: a list of texts expected")
    return tuple(values)


def _pairs(found: Mapping[str, Any], key: str) -> Mapping[str, str]:
    table = _table(found, key)
    for name, value in table.items():
        if not _plain(value) or not name or "=" in name or "\0" in name:
            raise BadJob(f"job.json: {key}: {name!r} cannot be in an environment")
    return table


def _plain(value: object) -> bool:
    """The system ends a text at its first NUL, so none may be inside."""
    return isinstance(value, str) and "\0" not in value


def _table(found: Mapping[str, Any], key: str) -> dict[str, Any]:
    table = found.get(key) or {}
    if not isinstance(table, dict):
        raise BadJob(f"job.json: {key}: an object expected")
    return table


def _number(found: Mapping[str, Any], key: str, default: float | None = None) -> float | None:
    value = found.get(key)
    if value is None:
        return default
    converted = number(value)
    if converted is None or not 0 <= converted < float("inf"):
        raise BadJob(f"job.json: {key}: a number from 0 on expected")
    return converted
