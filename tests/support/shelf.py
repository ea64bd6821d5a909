"""Whole runs with courses that a test chooses: for comparison, reports, exports and bundles."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from engine.events import Event, Row, encode
from engine.runs import Run
from tests.support import journals
from tests.support import stories as s

Course = Callable[[int], Mapping[str, float]]
PROFILE: Mapping[str, Any] = {
    "name": "tale",
    "recipe": "finetune",
    "data": {"train": ["a.jsonl"], "valid": "v.jsonl", "packing": False, "max_length": 128},
    "optim": {"learning_rate": 1e-4},
}


def falling(noise: float = 0.05, seed: int = 1, shift: float = 0.0) -> Course:
    """A loss that goes from 3 to 1 in 400 steps; every 20th row is an evaluation too."""
    chance = random.Random(seed)

    def row(step: int) -> Mapping[str, float]:
        loss = max(3.0 - step / 200, 1.0) + chance.gauss(0, noise) + shift
        evaluated = {"eval_loss": loss + 0.1} if step % 20 == 0 else {}
        return {"loss": loss, **evaluated}

    return row


def shelved(
    logs: Path,
    number: int,
    course: Course,
    profile: Mapping[str, Any] = PROFILE,
    events: Iterable[tuple[str, Event | Row]] = (),
) -> Run:
    """A run of 500 steps that is done, with the profile it was frozen with; `number` is in its name."""
    run_id = f"tale-20260921-00000{number}-abc{number:x}"
    told = [("1/trainer", Row(s.T0 + 2 + step, step, dict(course(step)))) for step in range(500)]
    ending = [s.exited(t=s.T0 + 505), s.closed(t=s.T0 + 506)]
    run = journals.write(logs, s.live(), told, events, ending, run_id=run_id)
    run.profile.write_text(json.dumps(profile))
    journals.job(run, limits={"price_hour": 2.5}, total=500)
    return run


def with_(profile: Mapping[str, Any], **tables: Mapping[str, Any]) -> dict[str, Any]:
    """The profile with some keys of some tables changed."""
    return {**profile, **{name: {**profile.get(name, {}), **more} for name, more in tables.items()}}


def lines(*events: Event | Row) -> bytes:
    return b"".join(encode(one) for one in events)
