"""A story for each word that a run can be called by, all told at the same time of day."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from engine.events import Row
from engine.events import keeper as k
from engine.events import runner as r
from engine.events import trainer as t
from tests.support.stories import (
    T0,
    Told,
    accepted,
    closed,
    exited,
    flat,
    live,
    opened,
    rows,
    started,
)

NOW = T0 + 70
"""When the tales are told."""
PLAN: Told = ("1/trainer", t.Planned(T0 + 1, 100))
FALLING = [4 - 0.02 * step for step in range(50)]
LEARNED = [*live(), PLAN, *rows(FALLING)]


def beat(at: float) -> Told:
    return "1/runner", r.Beat(at, at - T0 - 1, True)


def grew(at: float, size: int = 9000) -> Told:
    return "1/runner", r.Grew(at, size, size)


def ordered(kind: str) -> Told:
    return "1/runner", r.Ordered(T0 + 50, "id", kind, "me")


PULSE = {"i": [0], "util": [93], "mem": [20000], "temp": [63], "watt": [148]}
GPUS: list[Told] = [
    ("1/runner", r.GpusFound(T0 + 2, ({"i": 0, "uuid": "GPU-0", "name": "A30", "mem": 24576},))),
    ("1/runner", r.Pulsed(NOW - 1, PULSE)),
]
NANS = [("1/trainer", Row(T0 + 60 + i, 51 + i, {"loss": math.nan})) for i in range(5)]
LIMIT: Told = ("1/runner", r.LimitReached(T0 + 50, "hours", 2.0, 2.0, "stop"))
RULE: Told = ("1/runner", r.RuleFired(T0 + 66, "nan", "stop", "nan", 51))

TALES: Mapping[str, Sequence[Told]] = {
    "QUEUED": [accepted()],
    "STARTING": [accepted(), opened()],
    "LIVE": [*LEARNED, *GPUS, grew(NOW - 2), beat(NOW - 1)],
    "QUIET": [*LEARNED, grew(T0 + 30), beat(NOW - 1)],
    "STALLED": [*live(), PLAN, *rows(FALLING, gap_s=0.001), grew(T0 + 2), beat(NOW + 999)],
    "OFFLINE": [*LEARNED, grew(T0 + 40), beat(T0 + 40)],
    "STOPPING": [*LEARNED, ordered("stop"), beat(NOW - 1)],
    "CLOSING": [*LEARNED, exited(3)],
    "RECOVERING": [*LEARNED, exited(3), ("keeper", k.RecoveryPlanned(NOW, 1, "crash", 20.0))],
    "RESUMED": [
        *LEARNED,
        exited(3),
        opened(2, "crash", T0 + 62),
        *started(2, T0 + 63),
        *rows([3.5, 3.4], number=2, first=41),
    ],
    "DIVERGING": [*LEARNED, *NANS, grew(NOW - 2), beat(NOW - 1)],
    "DONE": [*live(), PLAN, *rows(FALLING * 2, gap_s=0.5), exited(), closed()],
    "INCOMPLETE": [*LEARNED, exited(0), closed()],
    "STOPPED": [*LEARNED, ordered("stop"), exited(0), closed()],
    "STOPPED early": [accepted(), closed(0)],
    "LIMIT": [*LEARNED, LIMIT, exited(0), closed()],
    "DIVERGED": [*LEARNED, *NANS, RULE, exited(0), closed()],
    "FAILED 3": [*LEARNED, exited(3), closed()],
    "FAILED SIGKILL": [*LEARNED, exited(None, signal=9), closed()],
    "OOM": [*LEARNED, exited(None, signal=9, oom=True), closed()],
    "LOST": [*LEARNED, ("keeper", k.AttemptLost(NOW, 1, "the machine is gone")), closed()],
    "CONSOLE": [*live(), exited(0), closed()],
}


def told(name: str) -> list[Told]:
    return list(flat(TALES[name]))
