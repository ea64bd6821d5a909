"""What a profile would do here, and what stands in its way: looked at, nothing started, nothing billed."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from cockpit.inks import Line
from cockpit.widgets.lines import folded
from engine import launching, profile
from engine.cli import words
from engine.display import display
from engine.errors import Problem
from engine.profile import Profile, ProfileError
from engine.runs import logs_folder
from engine.secrets import lookup

Verdict = Literal["good", "warn", "bad", "told"]
SIGNS = {"good": "✔", "warn": "⚠", "bad": "✖", "told": "·"}
INKS = {"good": "good", "warn": "warn", "bad": "bad", "told": "faint"}
TEXT = 300
POINTS = 20
"""Fewer points of a loss than this say little."""
GIGA = 1e9


@dataclass(frozen=True)
class Finding:
    """One line of the check; `fix` says what would help."""

    verdict: Verdict
    what: str
    fix: str = ""

    def lines(self, width: int) -> list[Line]:
        """As many as its words need."""
        ink = "muted" if self.verdict == "told" else "text"
        room = max(width - 3, 8)
        found: list[Line] = []
        for at, part in enumerate(folded(display(self.what, TEXT), room)):
            sign = SIGNS[self.verdict] if not at else " "
            found.append([(f" {sign} ", f"{INKS[self.verdict]} bold"), (part, ink)])
        for at, part in enumerate(folded(display(self.fix, TEXT), room - 2) if self.fix else ()):
            sign = "→ " if not at else "  "
            found.append([("   ", "text"), (sign, "accent bold"), (part, "accent")])
        return found


@dataclass(frozen=True)
class Preflight:
    """`groups` are (title, findings) from the profile outwards."""

    path: Path
    groups: tuple[tuple[str, tuple[Finding, ...]], ...]

    def count(self, verdict: Verdict) -> int:
        return sum(one.verdict == verdict for _, found in self.groups for one in found)

    @property
    def ready(self) -> bool:
        return not self.count("bad")


def preflight(path: Path, cwd: Path) -> Preflight:
    """Reads the profile and looks around; every fault at once."""
    try:
        chosen = profile.load(os.path.relpath(path))
    except ProfileError as error:
        faults = tuple(Finding("bad", str(fault)) for fault in error.faults)
        return Preflight(path, (("profile", faults),))
    except (Problem, OSError) as error:
        return Preflight(path, (("profile", (_problem(error),)),))
    groups = (
        ("profile", tuple(_profile(chosen))),
        ("this machine", tuple(_machine(chosen, cwd))),
        ("data", tuple(_data(chosen, cwd))),
        ("what you will get", tuple(_arithmetic(chosen))),
        ("if it goes wrong", tuple(_rules(chosen))),
    )
    return Preflight(path, tuple(group for group in groups if group[1]))


def _problem(error: Exception) -> Finding:
    return Finding("bad", str(error), getattr(error, "fix", None) or "")


def _profile(chosen: Profile) -> Iterator[Finding]:
    yield Finding("good", f"{chosen.name}: {chosen.recipe}, digest {chosen.digest[:12]}")
    if chosen.goal:
        yield Finding("told", chosen.goal)
    for fault in profile.warnings(chosen):
        yield Finding("warn", ".".join(map(str, fault.key)) + " " + fault.what, fault.fix or "")


def _machine(chosen: Profile, cwd: Path) -> Iterator[Finding]:
    try:
        launching.executable(chosen, cwd)
        yield Finding("good", "its program is here")
    except Problem as error:
        yield _problem(error)
    if chosen.recipe in launching.OWN:
        there = launching.has_torch()
        fix = "" if there else "pip install 'training-cockpit[train]'"
        yield Finding(
            "good" if there else "bad", "torch is " + ("here" if there else "missing"), fix
        )
    for name in chosen.secrets.names:
        yield _secret(name)
    yield _disk(chosen)


def _secret(name: str) -> Finding:
    try:
        found = lookup(name)
    except Problem as error:
        return _problem(error)
    if found is None:
        return Finding("bad", f"the secret {name} is not known", f"export {name}=…")
    return Finding("good", f"the secret {name} is known")


def _disk(chosen: Profile) -> Finding:
    place = logs_folder()
    while not place.exists() and place != place.parent:
        place = place.parent
    free = shutil.disk_usage(place).free
    low = free < chosen.alerts.disk_gb * GIGA
    return Finding("warn" if low else "good", f"{words.size(free)} free for logs and checkpoints")


def _data(chosen: Profile, cwd: Path) -> Iterator[Finding]:
    for name in chosen.data.train:
        text = str(name)
        local = "/" in text or "." in Path(text).suffix
        if not local or any(sign in text for sign in "*?[:"):
            yield Finding("told", f"trains on {text}")
        elif (cwd / text).exists():
            yield Finding("good", f"{text} is here")
        else:
            yield Finding("warn", f"{text} is not in {cwd}", "a name on a hub is fine")


def _arithmetic(chosen: Profile) -> Iterator[Finding]:
    """Steps, loss points, checkpoints: the surprise that costs a night."""
    steps = chosen.train.max_steps
    if chosen.recipe not in launching.OWN:
        yield Finding("told", "its own program decides how many steps")
        return
    if steps is None:
        yield Finding("told", f"{chosen.train.epochs:g} epochs; the steps follow from the data")
        return
    points = steps // max(chosen.log.every, 1)
    few = points < POINTS
    yield Finding("good", f"{steps:,} steps")
    yield Finding("warn" if few else "good", f"{points:,} points of the loss",
                  "set log.every = 1" if few else "")  # fmt: skip
    every = chosen.save.every_steps
    saves = steps // every if every else 0
    yield Finding(
        "good" if saves else "warn",
        f"{saves:,} checkpoints on the way, one at its end",
        "" if saves else f"set save.every_steps below {steps:,}",
    )
    evals = steps // chosen.eval.every_steps if chosen.eval.every_steps else 0
    yield Finding("told", f"{evals:,} evaluations, {len(chosen.eval.prompts)} prompts each")


def _rules(chosen: Profile) -> Iterator[Finding]:
    limits = chosen.limits
    caps = [f"{words.span(limits.hours * 3600)}" if limits.hours else "",
            f"${limits.dollars:,.2f}" if limits.dollars else ""]  # fmt: skip
    told = ", ".join(cap for cap in caps if cap)
    yield Finding("told", f"ended after {told}" if told else "no limit of time or money")
    acts = ", ".join(f"{name}: {act}" for name, act in chosen.alerts.actions.items())
    yield Finding("told", f"alarms that act: {acts}" if acts else "alarms only tell")
    tries = chosen.recover.attempts
    told = f"tried again up to {tries} times" if tries else "not tried again by itself"
    yield Finding("told", told)
