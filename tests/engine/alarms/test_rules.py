"""Every rule with a journal that fires it and a near miss that must not."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterable

import pytest

from engine.alarms import RULES, Thresholds, judge
from engine.events import Row
from engine.events import runner as r
from engine.profile import Profile, from_table, plain
from engine.scalars import AttemptFacts
from tests.support.stories import T0, Told, exited, live, rows, view

NAN = math.nan
SOFT = [1.0 + 0.01 * (n % 7) for n in range(80)]
"""A healthy, noisy loss."""


def facts(*parts: Told | Iterable[Told]) -> AttemptFacts:
    last = view(live(), *parts).last
    assert last is not None
    return last.facts


def names(seen: AttemptFacts, now: float = T0 + 100, limits: Thresholds | None = None) -> set[str]:
    return {alarm.name for alarm in judge(seen, limits or Thresholds(), now)}


def told(*values: dict[str, float]) -> list[Told]:
    return [("1/trainer", Row(T0 + n, n, value)) for n, value in enumerate(values, 1)]


def host(**readings: object) -> Told:
    return "1/runner", r.Pulsed(T0 + 5, None, dict(readings))


BEATING = ("1/runner", r.Beat(T0 + 900, 899.0, True))
FULL = ("1/runner", r.DiskFilled(T0 + 9, "/data", 0))
LIMIT = ("1/runner", r.LimitReached(T0 + 9, "hours", 2.0, 2.0, "stop"))

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
}


def test_every_rule_is_tried_here() -> None:
    assert set(FIRES) == set(MISSES) == set(RULES)


@pytest.mark.parametrize("name", RULES)
def test_a_rule_fires_with_words_and_a_fix(name: str) -> None:
    seen, now = FIRES[name]
    [alarm] = [alarm for alarm in judge(seen, Thresholds(), now) if alarm.name == name]
    assert alarm.detail and alarm.fix


@pytest.mark.parametrize("name", RULES)
def test_a_near_miss_does_not_fire(name: str) -> None:
    seen, now = MISSES[name]
    assert name not in names(seen, now)


@pytest.mark.parametrize("name", sorted(set(RULES) - {"budget", "grad_norm", "stall", "disk"}))
def test_a_threshold_of_0_turns_a_rule_off(name: str) -> None:
    seen, now = FIRES[name]
    assert name not in names(seen, now, Thresholds(**{name: 0}))


def test_a_hidden_nan_is_seen_by_its_gradient() -> None:
    """Transformers prints a NaN loss as 0.0 beside a NaN gradient norm."""
    seen = facts(told(*[{"loss": 0.0, "grad_norm": NAN}] * 3))
    assert {"nan", "zero_loss"} <= names(seen)


def test_a_full_disk_is_an_alarm_without_any_pulse() -> None:
    assert "disk" in names(facts(FULL))


def test_nothing_stalls_after_its_end() -> None:
    assert "stall" not in names(facts(rows(SOFT), exited(0)), T0 + 9000)


def test_negative_losses_are_legal() -> None:
    assert names(facts(rows([-1.0 - 0.01 * (n % 5) for n in range(80)]))) == set()


def test_thresholds_have_the_defaults_that_profiles_document() -> None:
    alerts = plain(
        from_table({"recipe": "command", "name": "x", "command": {"argv": ["x"]}}).alerts
    )
    assert Thresholds.of(alerts) == Thresholds()
    assert {field.name for field in dataclasses.fields(Thresholds)} <= set(alerts)
    assert isinstance(Profile, type)


def test_a_job_without_sense_keeps_the_defaults() -> None:
    assert Thresholds.of({"nan": "many", "spike": None, "other": 1}) == Thresholds()
    assert Thresholds.of({"nan": 0}).nan == 0
