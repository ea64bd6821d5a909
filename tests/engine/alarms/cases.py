"""For every rule a journal that fires it and a near miss that must not."""

from __future__ import annotations

import math
from collections.abc import Iterable

from engine.alarms import Agreed, Expected, Thresholds
from engine.events import Row, notices
from engine.events import runner as r
from engine.events import trainer as t
from engine.scalars import AttemptFacts
from tests.support.stories import T0, Told, live, rows, view

NAN = math.nan
SOFT = [1.0 + 0.01 * (n % 7) for n in range(80)]
"""A healthy, noisy loss."""


def facts(*parts: Told | Iterable[Told]) -> AttemptFacts:
    last = view(live(), *parts).last
    assert last is not None
    return last.facts


def told(*values: dict[str, float]) -> list[Told]:
    return [("1/trainer", Row(T0 + n, n, value)) for n, value in enumerate(values, 1)]


def host(**readings: object) -> Told:
    return "1/runner", r.Pulsed(T0 + 5, None, dict(readings))


def pulses(
    count: int = 70, every_s: float = 10.0, host: dict[str, object] | None = None, **gpus: object
) -> list[Told]:
    """Readings of one GPU; a callable is asked for each moment's value."""
    told: list[Told] = []
    for n in range(count):
        columns = {name: [_at(value, n)] for name, value in gpus.items()}
        reading = {name: _at(value, n) for name, value in (host or {}).items()}
        table = {"i": [0], **columns} if gpus else None
        told.append(("1/runner", r.Pulsed(T0 + n * every_s, table, reading)))
    return told


def _at(value: object, n: int) -> object:
    return value(n) if callable(value) else value


def ranks(*seconds: float) -> list[Told]:
    return [
        ("1/trainer", Row(T0 + 9, 1, {"step_s": took}, rank=rank))
        for rank, took in enumerate(seconds)
    ]


def stepped(*steps: int) -> list[Told]:
    return [
        ("1/trainer", Row(T0 + n, step, {"loss": 1.0 + 0.01 * n})) for n, step in enumerate(steps)
    ]


GPU = ("1/runner", r.GpusFound(T0, ({"i": 0, "name": "A30", "mem": 24576},)))
ROWS_LATELY = list(rows(SOFT, gap_s=8.0))
SAVED = t.Saved(T0 + 9, 5, "/data/out/step-5", 20 << 30)
GROWN = ("1/runner", r.Grew(T0 + 5, 10, 0))
EXPECT = Agreed(expect={"loss": Expected(range=(0.0, 2.0), bands=((0, 40, 0.5, 4.0),))})
PAID = Agreed(price_hour=2.0)
RESUMED = Agreed(resume_step=60, resume_loss=1.0)
RARE = Thresholds(plateau=30, val_gap=2.0, mfu=0.3)
"""The rules that are off by default."""
BEATING = ("1/runner", r.Beat(T0 + 900, 899.0, True))
FULL = ("1/runner", r.DiskFilled(T0 + 9, "/data", 0))
LIMIT = ("1/runner", r.LimitReached(T0 + 9, "hours", 2.0, 2.0, "stop"))

SHORT = ("1/runner", notices.NoticeWatched(T0 + 9, True, 30.0, 41.0, False))
HEARD = ("1/runner", notices.NoticeWatched(T0 + 9, True, 30.0, 4.0, True))

FIRES: dict[str, tuple[AttemptFacts, float]] = {
    "nan": (facts(rows([1, NAN, NAN, NAN])), T0 + 9),
    "zero_loss": (facts(rows([1, 0, 0, 0])), T0 + 9),
    "constant": (facts(rows([0.5] * 30)), T0 + 40),
    "spike": (facts(rows([*SOFT, 9.0])), T0 + 100),
    "divergence": (facts(rows([*SOFT, *[1.0 + 0.03 * n for n in range(40)]])), T0 + 200),
    "grad_norm": (facts(told(*[{"grad_norm": 500.0}] * 6)), T0 + 9),
    "stall": (facts(rows(SOFT), BEATING), T0 + 900),
    "slow": (facts(rows(SOFT), rows(SOFT[:20], gap_s=5.0, first=81)), T0 + 300),
    "disk": (facts(host(disks=[["/data", 1024, 99999], ["/", 88888, 99999]])), T0 + 9),
    "memory": (facts(host(ram=[32256, 32768])), T0 + 9),
    "budget": (facts(LIMIT), T0 + 9),
    "plateau": (facts(rows([0.5, *SOFT])), T0 + 100),
    "band": (facts(rows([1.0, *[2.5] * 5])), T0 + 9),
    "silent": (facts(GROWN, pulses(100, util=0)), T0 + 999),
    "mfu": (facts(told(*[{"mfu": 0.1}] * 10)), T0 + 20),
    "util": (facts(GPU, ROWS_LATELY, pulses(70, util=12, mem=500)), T0 + 699),
    "throttle": (facts(GPU, pulses(10, util=90, thr="sw_thermal+idle")), T0 + 99),
    "straggler": (facts(ranks(1.0, 1.0, 1.5, 1.0)), T0 + 20),
    "steps": (facts(stepped(1, 2, 3, 4, 5, 6, 2)), T0 + 20),
    "not_resumed": (facts(rows([9.6])), T0 + 20),
    "idle": (facts(GPU, GROWN, pulses(70, util=0)), T0 + 699),
    "at_risk": (
        facts(("1/trainer", SAVED), ("1/runner", r.Beat(T0 + 4000, 3999.0, True))),
        T0 + 4000,
    ),
    "notice": (facts(SHORT), T0 + 20),
    "val_gap": (facts(told(*[{"loss": 1.0}] * 9, {"eval_loss": 2.5})), T0 + 20),
}
MISSES: dict[str, tuple[AttemptFacts, float]] = {
    "nan": (facts(rows([NAN, NAN, 1, NAN, NAN])), T0 + 9),
    "zero_loss": (facts(rows([1, 0, 0, 1e-9])), T0 + 9),
    "constant": (facts(rows([0.5] * 20 + [0.50001])), T0 + 40),
    "spike": (facts(rows([*SOFT, 1.09])), T0 + 100),
    "divergence": (facts(rows(SOFT)), T0 + 200),
    "grad_norm": (facts(told(*[{"grad_norm": 5.0}] * 5, {"grad_norm": 500.0})), T0 + 9),
    "stall": (facts(rows(SOFT), BEATING), T0 + 300),
    "slow": (facts(rows(SOFT)), T0 + 100),
    "disk": (facts(host(disks=[["/data", 51200, 99999], ["/slow", None, None]])), T0 + 9),
    "memory": (facts(host(ram=[20480, 32768])), T0 + 9),
    "budget": (facts(), T0 + 9),
    "plateau": (facts(rows([*SOFT, 0.5, *SOFT[:20]])), T0 + 200),
    "band": (facts(rows([1.0, *[2.5] * 4, 1.9])), T0 + 9),
    "silent": (facts(GROWN, pulses(100, util=40)), T0 + 999),
    "mfu": (facts(told(*[{"mfu": 41.0}] * 10, *[{"mfu": -100.0}] * 2)), T0 + 20),
    "util": (facts(GPU, ROWS_LATELY, pulses(70, util=lambda n: 31 + n % 3, mem=500)), T0 + 699),
    "throttle": (
        facts(GPU, pulses(10, util=90, thr=lambda n: "" if n == 5 else "sw_thermal")),
        T0 + 99,
    ),
    "straggler": (facts(ranks(1.0, 1.0, 1.19, 1.0)), T0 + 20),
    "steps": (facts(stepped(10, 20, 30, 40, 40, 50, 60, 200)), T0 + 20),
    "not_resumed": (facts(rows([1.4], first=61)), T0 + 20),
    "idle": (facts(GPU, GROWN, pulses(70, util=lambda n: 60 if n == 20 else 0)), T0 + 699),
    "at_risk": (
        facts(("1/trainer", SAVED), ("1/runner", r.Beat(T0 + 3000, 2999.0, True))),
        T0 + 3000,
    ),
    "notice": (facts(HEARD), T0 + 20),
    "val_gap": (facts(told(*[{"loss": 1.0}] * 9, {"eval_loss": 1.9})), T0 + 20),
}
AGREED = {"band": EXPECT, "idle": PAID, "not_resumed": RESUMED}
OFF = {
    "grad_norm": ("grad_norm_high", "grad_norm_low"),
    "silent": ("silent_s",),
    "throttle": ("throttle_s",),
    "disk": ("disk_gb", "disk_checkpoints"),
    "memory": ("memory", "memory_minutes"),
    "idle": ("idle_minutes",),
    "at_risk": ("at_risk_minutes",),
}
"""The thresholds that turn a rule off, where it is not its own name's."""
FACTS = {"budget", "disk", "notice"}
"""What the runner wrote down is an alarm whatever the thresholds are."""
