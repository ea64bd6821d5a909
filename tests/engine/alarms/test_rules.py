"""Every rule with a journal that fires it and a near miss that must not."""

from __future__ import annotations

import dataclasses

import pytest

from engine.alarms import RULES, Agreed, Expected, Thresholds, judge
from engine.events import notices
from engine.events import runner as r
from engine.events import trainer as t
from engine.profile import ALARMS, Alerts, from_table, plain
from engine.scalars import AttemptFacts
from tests.engine.alarms.cases import (
    AGREED,
    EXPECT,
    FACTS,
    FIRES,
    FULL,
    GPU,
    MISSES,
    NAN,
    OFF,
    RARE,
    ROWS_LATELY,
    SAVED,
    SOFT,
    facts,
    host,
    pulses,
    stepped,
    told,
)
from tests.support.stories import T0, Told, exited, rows


def names(
    seen: AttemptFacts,
    now: float = T0 + 100,
    limits: Thresholds | None = None,
    agreed: Agreed | None = None,
) -> set[str]:
    found = judge(seen, limits or Thresholds(), now, agreed or Agreed())
    return {alarm.name for alarm in found}


def judged(name: str, case: tuple[AttemptFacts, float], limits: Thresholds = RARE) -> set[str]:
    return names(case[0], case[1], limits, AGREED.get(name))


def test_every_rule_is_tried_here() -> None:
    assert set(FIRES) == set(MISSES) == set(RULES)


@pytest.mark.parametrize("name", RULES)
def test_a_rule_fires_with_words_and_a_fix(name: str) -> None:
    seen, now = FIRES[name]
    found = judge(seen, RARE, now, AGREED.get(name, Agreed()))
    [alarm] = [alarm for alarm in found if alarm.name == name]
    assert alarm.detail and alarm.fix


@pytest.mark.parametrize("name", RULES)
def test_a_near_miss_does_not_fire(name: str) -> None:
    assert name not in judged(name, MISSES[name])


@pytest.mark.parametrize("name", sorted(set(RULES) - FACTS))
def test_a_threshold_of_0_turns_a_rule_off(name: str) -> None:
    off = dict.fromkeys(OFF.get(name, (name,)), 0.0)
    assert name not in judged(name, FIRES[name], dataclasses.replace(RARE, **off))


@pytest.mark.parametrize("name", RULES)
def test_a_profile_can_ignore_a_rule(name: str) -> None:
    seen, now = FIRES[name]
    agreed = dataclasses.replace(AGREED.get(name, Agreed()), ignored=frozenset((name,)))
    assert name not in names(seen, now, RARE, agreed)


def test_the_rules_are_the_profiles_alarms_and_its_keys_their_thresholds() -> None:
    assert list(RULES) == list(ALARMS)
    keys = {field.name for field in dataclasses.fields(Alerts)} - {"actions", "notify", "command"}
    assert keys == {field.name for field in dataclasses.fields(Thresholds)}


def test_a_layer_of_its_own_has_a_grad_norm() -> None:
    told_by = {"grad_norm": 1.0, "grad_norm/layers.3": 500.0}
    [alarm] = judge(facts(told(*[told_by] * 6)), Thresholds(), T0 + 9)
    assert alarm.name == "grad_norm" and "layers.3" in alarm.detail


def test_memory_that_creeps_is_foretold() -> None:
    seen = facts(GPU, pulses(60, util=90, mem=lambda n: 14000 + 150 * n))
    [alarm] = [one for one in judge(seen, Thresholds(), T0 + 600) if one.name == "memory"]
    assert "GPU 0" in alarm.detail and "min" in alarm.detail
    jumped = facts(GPU, pulses(60, util=90, mem=lambda n: 14000 if n < 30 else 23000))
    assert "memory" not in names(jumped, T0 + 600)


def test_host_memory_that_creeps_is_foretold() -> None:
    creeping = {"ram": lambda n: [10000 + 300 * n, 32768]}
    assert "memory" in names(facts(pulses(60, host=creeping)), T0 + 600)
    breathing = {"ram": lambda n: [10000 + 300 * (n % 10), 32768]}
    assert "memory" not in names(facts(pulses(60, host=breathing)), T0 + 600)


def test_a_machine_that_is_taken_is_red_until_the_attempt_has_ended() -> None:
    taken = ("1/runner", notices.PreemptionNoticed(T0 + 9, "metadata", 30.0, "save", "it is taken"))
    [alarm] = [one for one in judge(facts(taken), Thresholds(), T0 + 10) if one.name == "notice"]
    assert alarm.red and alarm.detail == "it is taken"
    assert "notice" not in names(facts(taken, exited(143)))


def test_a_notice_that_is_not_heard_is_told() -> None:
    deaf = ("1/runner", notices.NoticeWatched(T0 + 9, False, 30.0, None, None, "no answer"))
    [alarm] = [one for one in judge(facts(deaf), Thresholds(), T0 + 10) if one.name == "notice"]
    assert "not heard: no answer" in alarm.detail


def test_the_disk_is_counted_in_checkpoints() -> None:
    save: Told = ("1/trainer", SAVED)
    room = [["/data", 30 * 1024, 99999], ["/", 9 * 1024, 99999]]
    assert "disk" in names(facts(save, host(disks=room)))
    small: Told = ("1/trainer", dataclasses.replace(SAVED, bytes=1 << 30))
    assert "disk" not in names(facts(small, host(disks=room)))


def test_a_band_is_of_its_stretch_alone() -> None:
    late = facts(rows([1.0] * 50 + [0.2] * 5))
    assert "band" not in names(late, agreed=EXPECT)
    early = facts(rows([1.0] * 20 + [0.2] * 5))
    assert "band" in names(early, agreed=EXPECT)


def test_a_first_value_out_of_place_is_seen_at_once_and_a_last_one_at_the_end() -> None:
    agreed = Agreed(expect={"loss": Expected(first=(8.0, 12.0), last=(0.0, 1.0))})
    assert "band" in names(facts(rows([3.0])), agreed=agreed)
    assert "band" not in names(facts(rows([9.0, 3.0])), agreed=agreed)
    assert "band" in names(facts(rows([9.0, 3.0]), exited(0)), agreed=agreed)


def test_a_budget_warns_before_its_end_and_counts_earlier_attempts() -> None:
    beating = facts(("1/runner", r.Beat(T0 + 1800, 1800.0, True)))
    assert "budget" not in names(beating, T0 + 1800, agreed=Agreed(hours=1.0))
    assert "budget" in names(beating, T0 + 1800, agreed=Agreed(hours=1.0, before_s=1200.0))
    assert "budget" in names(beating, T0 + 1800, agreed=Agreed(dollars=1.2, price_hour=2.0))


def test_a_resume_that_begins_before_its_checkpoint_did_not_resume() -> None:
    assert "not_resumed" in names(facts(rows([0.9], first=0)), agreed=Agreed(resume_step=60))
    assert "not_resumed" not in names(facts(rows([0.9], first=60)), agreed=Agreed(resume_step=60))


def test_low_use_says_what_was_measured_beside_it() -> None:
    loader = facts(GPU, ROWS_LATELY, pulses(70, host={"tree": [101, 900, 3]}, util=12, mem=500))
    [alarm] = [one for one in judge(loader, Thresholds(), T0 + 699) if one.name == "util"]
    assert "data loader" in alarm.fix
    small = facts(GPU, ROWS_LATELY, pulses(70, util=12, mem=500))
    [alarm] = [one for one in judge(small, Thresholds(), T0 + 699) if one.name == "util"]
    assert alarm.fix.startswith("2 % of its memory")


def test_a_phase_of_its_own_may_count_from_0() -> None:
    phases = [("1/trainer", t.PhaseEntered(T0, name, 0)) for name in "AB"]
    assert "steps" not in names(facts(phases, stepped(1, 2, 3, 4, 5, 6, 1)))


def test_a_jump_of_the_step_is_seen() -> None:
    assert "steps" in names(facts(stepped(10, 20, 30, 40, 50, 60, 900)))


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


def test_loose_values_agree_on_nothing() -> None:
    wild = {"expect": {"loss": {"range": [1], "bands": [[1, 2, "x", 4], 7]}, "f1": 3}, "resume": 7}
    assert Agreed.of(wild) == Agreed(expect={"loss": Expected()})
    assert Agreed.of({"limits": {"hours": "nan"}, "log": {"x": 4}}) == Agreed()


def test_a_job_without_sense_keeps_the_defaults() -> None:
    assert Thresholds.of({"nan": "many", "spike": None, "other": 1}) == Thresholds()
    assert Thresholds.of({"nan": 0}).nan == 0
