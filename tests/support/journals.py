"""Stories told into real files: a run's folder as its processes would have left it."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from engine import procs
from engine.events import encode
from engine.events import keeper as k
from engine.runs import Run
from tests.support.stories import T0, Told, flat

ID = "tale-20260921-000000-abcd"


def kept(t: float = T0) -> Told:
    """A keeper that lives: this process says it is one, so no verb starts another."""
    me = procs.myself()
    return "keeper", k.KeeperStarted(t, me.pid, me.start, me.boot, "0")


def write(logs: Path, *parts: Told | Iterable[Told], run_id: str = ID) -> Run:
    """The segments of a run; a story can be continued by writing again."""
    run = Run(logs / run_id)
    run.requests.mkdir(parents=True, exist_ok=True)
    for segment, event in flat(parts):
        number, _, part = segment.rpartition("/")
        path = run.attempt(int(number)).segment(part) if number else run.keeper
        append(path, encode(event))
    return run


def append(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(path, "ab") as file:
        file.write(data)


def job(run: Run, number: int = 1, **fields: Any) -> None:
    """What the attempt's runner was told."""
    path = run.attempt(number).job
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"schema": 1, "run": run.id, "attempt": number, **fields}))
