"""What an attempt's runner is told to do: a pure function of the profile, the run's folder and the checkpoint."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine.errors import Unusable
from engine.profile import Profile, plain
from engine.runs import Run

RECIPES = ("finetune", "pretrain", "pretokenize")
"""Recipes of our own, trained by `engine.train`."""


@dataclass(frozen=True)
class Restart:
    """The checkpoint an attempt continues from."""

    path: str
    step: int | None


@dataclass(frozen=True)
class Place:
    """Where the attempt runs: the folder of the user's project and the interpreter for our own recipes."""

    cwd: str
    python: str = sys.executable


def argv(profile: Profile, run: Run, restart: Restart | None, place: Place) -> tuple[str, ...]:
    """The command of an attempt, with what continues it appended."""
    if profile.recipe in RECIPES:
        base: tuple[str, ...] = (place.python, "-m", "engine.train", str(run.profile))
        base += ("--out", str(run.folder / "checkpoints"))
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
    """The content of `job.json`."""
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
    }
