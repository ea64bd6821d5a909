"""Runs for the cockpit to show: two hundred small ones, a long one, one with spikes, one that lives while we watch."""

from __future__ import annotations

import time
from pathlib import Path

from engine.events import encode
from engine.events import runner as r
from engine.events import trainer as t
from engine.runs import Run
from tests.support.journals import append, job, kept, write
from tests.support.stories import T0, closed, exited, live


def bare(logs: Path, total: int | None, name: str = "bench", t0: float = T0) -> Run:
    """A run that lives and told nothing yet. This process says that it is its keeper, so nobody starts another."""
    run_id = f"{name}-{time.strftime('%Y%m%d-%H%M%S', time.gmtime(t0))}-abcd"
    run = write(logs, live(), kept(), run_id=run_id)
    job(run, argv=["python3", "train.py"], total=total, dialect="auto")
    append(run.attempt(1).trainer, encode(t.Planned(t0, total)))
    return run


def finish(run: Run, at: float = T0 + 60) -> None:
    for segment, event in (exited(t=at), closed(t=at)):
        path = run.attempt(1).runner if segment == "1/runner" else run.keeper
        append(path, encode(event))


def beat(run: Run, now: float) -> None:
    append(run.attempt(1).runner, encode(r.Beat(now, now - T0, True)))
