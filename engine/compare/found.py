"""What was measured of the things a run depends on, by group: data, code, environment, machine.

From the journal and from what the keeper noted beside an attempt; nothing is looked at now, for it may have changed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from engine.display import display
from engine.runs import Run
from engine.shelf import circumstances
from engine.status import Status
from engine.view import View

TEXT = 40
MOST = 64
"""Entries of one table of foreign names."""


def found(run: Run, view: View, status: Status) -> dict[str, dict[str, str]]:
    """Texts by group and name."""
    noted = _noted(run)
    return {
        "data": dict(_hashes("file", noted.get("data"))),
        "code": {**dict(_code(view)), **dict(_hashes("script", noted.get("script")))},
        "environment": {**dict(_python(view)), **dict(_table(noted.get("libraries")))},
        "machine": dict(_machine(view, status)),
    }


def data_marks(run: Run) -> Mapping[str, str]:
    """SHA-256 of what the command was pointed to, by path; empty where nobody noted any."""
    told = _noted(run).get("data")
    return {str(k): str(v) for k, v in told.items()} if isinstance(told, dict) else {}


def _noted(run: Run) -> Mapping[str, Any]:
    """Of the newest attempt that has any."""
    for attempt in reversed(run.attempts()):
        if (told := circumstances.noted(attempt.folder)) is not None:
            return told
    return {}


def _hashes(kind: str, told: object) -> Iterator[tuple[str, str]]:
    for name, value in _table(told):
        yield f"{kind} {name}", value[:12]


def _table(told: object) -> Iterator[tuple[str, str]]:
    for name, value in list(told.items())[:MOST] if isinstance(told, dict) else ():
        yield display(str(name), TEXT), display(str(value), 2 * TEXT)


def _code(view: View) -> Iterator[tuple[str, str]]:
    accepted = view.keeper.accepted
    if accepted is not None:
        yield "cockpit", display(accepted.version, TEXT)
        if accepted.commit is not None:
            yield "commit", display(accepted.commit, TEXT)
    if view.last is not None and view.last.opening.change:
        yield "changed", display(view.last.opening.change, TEXT)


def _python(view: View) -> Iterator[tuple[str, str]]:
    runner = view.last.facts.runner.runner if view.last else None
    if runner is not None:
        yield "runner's python", display(runner.python, TEXT)


def _machine(view: View, status: Status) -> Iterator[tuple[str, str]]:
    if status.host is not None:
        yield "host", display(status.host, TEXT)
    runner = view.last.facts.runner.runner if view.last else None
    if runner is not None:
        yield "name", display(runner.machine, TEXT)
    if status.gpus:
        names = [gpu.name or "unnamed" for gpu in status.gpus]
        yield "GPUs", display(f"{len(names)} × {names[0]}", TEXT)
    planned = view.last.facts.trainer.planned if view.last else None
    if planned is not None and planned.device:
        yield "device", display(planned.device, TEXT)
