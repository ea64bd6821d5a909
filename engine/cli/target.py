"""The run that a verb is about, and the duty of every verb that meets one: a live run has a keeper."""

from __future__ import annotations

import json
import math
import os
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from engine import vault
from engine.cli.output import Output
from engine.errors import NotFound, Problem, Unknown
from engine.runs import Run, find, logs_folder
from engine.shipped import recordings

if TYPE_CHECKING:  # `ls` needs this file and none of the fold
    from engine.status import Status

PROFILE = 4 << 20
REWAKE_S = 15.0
"""Seconds that a keeper which was started has to show itself."""


def the(word: str, out: Output) -> Run:
    """The run that RUN means, also one inside a bundle; from now on its secrets are hidden."""
    run = _bundled(word, out) or _find(word)
    out.hide(hider(run))
    return run


def _bundled(word: str, out: Output) -> Run | None:
    """The run in a file of that name; what is doubtful about the file is said."""
    path = Path(word)
    if not path.is_file():
        return None
    from engine.bundle import opening

    if not opening.is_bundle(path):
        return None
    found = opening.opened(path)
    for doubt in found.doubts:
        out.say(f"engine: {path.name}: {doubt}")
    return found.run


def _find(word: str) -> Run:
    """In the logs one stands in; then a folder of that name, then a recording."""
    logs = logs_folder()
    try:
        return find(word, logs)
    except NotFound:
        if (Path(word) / "keeper.jsonl").is_file():
            return Run(Path(word).absolute())
        found = [run for run in recordings(logs) if word and word in run.id]
        if len(found) != 1:
            raise
        return found[0]


def look(run: Run, out: Output) -> Status:
    """The run's status now."""
    return Lookout(run, out).status()


class Lookout:
    """Looks at one run again and again. Starts a keeper where a live run of ours has none."""

    def __init__(self, run: Run, out: Output) -> None:
        from engine.observe import Observer

        self.run = run
        self._observer, self._out = Observer(run), out
        self._woken = -math.inf

    def status(self) -> Status:
        try:
            frame = self._observer.frame()
        except OSError as error:
            where = f"{self.run.folder}: {error.strerror}"
            raise Unknown(f"cannot read {where}", "check its files and their owner") from error
        status = self._observer.status(frame)
        if status.exit_status is None and not frame.sight.keeper_alive and ours(self.run):
            self._wake()
        return status

    def _wake(self) -> None:
        """Not at every look: a keeper takes a moment to begin."""
        if time.monotonic() - self._woken > REWAKE_S:
            self._woken = time.monotonic()
            wake(self.run, self._out)


def ours(run: Run) -> bool:
    """It lies among our own runs and can be written to; anything else is a recording."""
    return run.folder.parent == logs_folder() and os.access(run.folder, os.W_OK)


def wake(run: Run, out: Output) -> None:
    """Start a keeper. Without one the run goes on as well, so this is no reason to give no answer."""
    from engine import control

    try:
        control.ensure_keeper(run)
    except (Problem, OSError) as problem:
        out.say(f"engine: {run.id} has no keeper and none could be started: {problem}")


def hider(run: Run) -> Callable[[str], str]:
    """Hides the values of the secrets that a run's profile names, and what looks like one."""
    return hiders([run])


def hiders(runs: Iterable[Run]) -> Callable[[str], str]:
    """The same of several runs."""
    from engine.redact import redact

    names = dict.fromkeys(name for run in runs for name in secret_names(run))
    values = [value for name in names if (value := _value(name)) is not None]
    return lambda text: redact(text, values)


def secret_names(run: Run) -> list[str]:
    """Of the secrets that the run's profile asks for."""
    try:
        names = json.loads(vault.small(run.profile, PROFILE))["secrets"]["names"]
        return [name for name in names if isinstance(name, str)]
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return []


def _value(name: str) -> str | None:
    from engine.secrets import lookup

    try:
        secret = lookup(name)
    except Problem:
        return None
    return secret.value if secret else None
