"""The run that a verb is about, and the duty of every verb that meets one: a live run has a keeper."""

from __future__ import annotations

import os

from engine.cli.output import Output
from engine.errors import Problem
from engine.observe import Observer
from engine.runs import Run, find, logs_folder
from engine.status import Status


def the(word: str) -> Run:
    """What RUN means, in the logs one stands in."""
    return find(word, logs_folder())


def look(observer: Observer, out: Output) -> Status:
    """The run's status now. Starts a keeper where a live run of ours has none."""
    frame = observer.frame()
    status = observer.status(frame)
    if status.exit_status is None and not frame.sight.keeper_alive and ours(observer.run):
        wake(observer.run, out)
    return status


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
