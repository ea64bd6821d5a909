"""What an attempt's runner is told to do: a pure function of the profile, the run's folder and the checkpoint."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine.errors import Unusable
from engine.machines.machine import Place
from engine.notify import secret_of
from engine.notify.channels import COMMAND
from engine.profile import Profile, plain
from engine.runs import Run
from engine.view import View

RECIPES = ("finetune", "pretrain", "pretokenize")
"""Recipes of our own, trained by `engine.train`."""


@dataclass(frozen=True)
class Restart:
    """The checkpoint an attempt continues from."""

    path: str
    step: int | None


def argv(
    profile: Profile, run: Run, restart: Restart | None, place: Place, micro: int | None = None
) -> tuple[str, ...]:
    """The command of an attempt, with what continues it, and what was changed since the profile, appended."""
    if profile.recipe in RECIPES:
        home = place.run or str(run.folder)
        base: tuple[str, ...] = (place.python, "-m", "engine.train", f"{home}/{run.profile.name}")
        base += ("--out", f"{home}/checkpoints")
        base += ("--micro-batch", str(micro)) if micro else ()
        return base + (("--resume", restart.path) if restart else ())
    if profile.recipe != "command":
        raise Unusable(
            f"recipe '{profile.recipe}' cannot be launched", fix="use finetune, pretrain or command"
        )
    filled = profile.command.argv
    if restart is None:
        return filled
    if not profile.command.resume:
        raise Unusable(
            "this command cannot resume",
            fix='say how in [command] resume, for example ["--resume", "{path}"]',
        )
    words = {"path": restart.path, "name": Path(restart.path).name, "step": str(restart.step or "")}
    return filled + tuple(_fill(part, words) for part in profile.command.resume)


def _fill(text: str, words: Mapping[str, str]) -> str:
    for name, value in words.items():
        text = text.replace("{" + name + "}", value)
    return text


def working_folder(profile: Profile, place: Place) -> str:
    """`[command] cwd`, relative to the project."""
    return str((Path(place.cwd) / (profile.command.cwd or ".")).absolute())


def job(
    profile: Profile, run: Run, number: int, command: tuple[str, ...], cwd: str
) -> dict[str, Any]:
    """The content of `job.json`; the price is the machine's and comes later."""
    limits = profile.limits
    alerts = plain(profile.alerts)
    return {
        "schema": 1,
        "run": run.id,
        "attempt": number,
        "argv": list(command),
        "cwd": cwd,
        "env": dict(profile.command.env),
        "secrets": list(profile.secrets.names),
        "total": profile.train.max_steps,
        "dialect": profile.log.dialect,
        "log": {
            "line": list(profile.log.line),
            "names": dict(profile.log.names),
            "x": profile.log.x,
            "every": profile.log.every,
            "files": list(profile.log.files),
            "hook": profile.log.hook and profile.recipe not in RECIPES,
        },
        "beat_s": profile.log.beat_s,
        "pulse_s": profile.log.pulse_s,
        "grace_s": limits.grace_s,
        "save_signal": "SIGUSR1" if profile.recipe in RECIPES else None,
        "limits": {
            "hours": limits.hours,
            "dollars": limits.dollars,
            "price_hour": None,
            "idle_minutes": limits.idle_minutes,
            "then": "stop",
        },
        "alerts": alerts,
        "expect": {name: plain(one) for name, one in profile.expect.items()},
        "gates": plain(profile.gates),
        "notify": notify(profile),
    }


def notify(profile: Profile) -> dict[str, Any]:
    """Whom the machine tells of alarms."""
    alerts = profile.alerts
    to = [*alerts.notify, *([COMMAND] if alerts.command else [])]
    return {"to": to, "command": list(alerts.command), "secrets": addresses(profile)}


def addresses(profile: Profile) -> list[str]:
    """The secrets that hold the addresses of webhooks."""
    found = [secret_of(channel) for channel in profile.alerts.notify]
    return sorted({name for name in found if name is not None})


def going_on(view: View, restart: Restart | None) -> dict[str, Any]:
    """What the rules of a further attempt must know of those before it: where it goes on, and how long they took."""
    took = [attempt.facts.runner.exit for attempt in view.attempts]
    before_s = sum(end.duration_s or 0.0 for end in took if end is not None)
    if restart is None or restart.step is None:
        return {"before_s": before_s}
    told = [point for attempt in view.attempts for point in attempt.facts.tally.series("loss")]
    near = [value for step, value in told if step <= restart.step and math.isfinite(value)]
    return {"before_s": before_s, "step": restart.step, "loss": near[-1] if near else None}
