"""What must hold of a run's files after any violence: each fault is one sentence."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from engine.runs import Attempt, Run


def faults(run: Run, out: Path) -> Iterator[str]:
    """Everything that is wrong with a finished run of `tests/support/trainer.py`."""
    if (out / "DOUBLE").exists():
        yield "two trainers ran at once"
    keeper = _lines(run.keeper)
    openings = Counter(event["attempt"] for event in keeper if event.get("e") == "attempt_opened")
    for number, count in openings.items():
        if count > 1:
            yield f"attempt {number} was opened {count} times"
    if sum(event.get("e") == "accepted" for event in keeper) != 1:
        yield "not accepted exactly once"
    before: set[int] = set()
    for attempt in run.attempts():
        if attempt.number not in openings:  # its keeper was killed before it could say so
            if attempt.runner.exists():
                yield f"attempt {attempt.number} ran and was never opened"
            continue
        yield from _attempt(attempt, keeper, before)
        before |= {event["step"] for event in _lines(attempt.trainer) if event.get("e") == "saved"}
    yield from _requests(run)


def _attempt(attempt: Attempt, keeper: list[dict[str, Any]], saved: set[int]) -> Iterator[str]:
    runner, trainer = _lines(attempt.runner), _lines(attempt.trainer)
    exits = sum(event.get("e") == "exited" for event in runner)
    lost = any(e.get("e") == "attempt_lost" and e["attempt"] == attempt.number for e in keeper)
    if exits != 1 and not (exits == 0 and lost):
        yield f"attempt {attempt.number} has {exits} exits"
    if sum(event.get("e") == "started" for event in runner) > 1:
        yield f"attempt {attempt.number} was started twice"
    plans = [event for event in trainer if event.get("e") == "planned"]
    if len(plans) > 1:
        yield f"attempt {attempt.number} had {len(plans)} trainers"
    first = plans[0]["start_step"] if plans else 0
    steps = [event["step"] for event in trainer if "e" not in event]
    if steps != list(range(first + 1, first + 1 + len(steps))):
        yield f"attempt {attempt.number} lost or doubled rows: {steps[:3]}…{steps[-3:]} from {first}"
    if plans and first not in saved | {0}:
        yield f"attempt {attempt.number} began at {first}, which was never saved"
    if plans and saved and first != max(saved):
        yield f"attempt {attempt.number} began at {first} though {max(saved)} was saved"


def _requests(run: Run) -> Iterator[str]:
    left = list(run.requests.glob("*.json"))
    if left:
        yield f"{len(left)} requests were never taken up"


def _lines(path: Path) -> list[dict[str, Any]]:
    """Whole lines that are objects; a torn one is what a kill leaves."""
    found = []
    data = path.read_bytes() if path.exists() else b""
    for line in data.split(b"\n")[:-1]:
        try:
            value = json.loads(line)
        except ValueError:
            continue
        if isinstance(value, dict):
            found.append(value)
    return found
