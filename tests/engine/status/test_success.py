"""Gates and tiers over the whole course of a metric, in the record and in the exit status."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from engine.events import Row
from engine.frame import Frame
from engine.runs import Run
from engine.status import Status, Terms, describe
from engine.status.success import success
from tests.support import stories as s
from tests.support.cli import Engine, caller, validator
from tests.support.stories import T0, closed, exited, live

COURSE = [
    ("1/trainer", Row(T0 + n, n, {"val_loss": v, "f1": f}))
    for n, (v, f) in enumerate([(10.0, 0.1), (6.0, 0.5), (7.5, 0.4)], 1)
]
GATES = {
    "eval_loss": "< 8",
    "tiers": [
        {"name": "least", "require": "drop(val_loss) >= 20% and last(f1) > 0"},
        {"name": "strong", "require": "best(f1) > 0.45 and best(val_loss) < 6.5"},
        {"name": "top", "require": "drop(val_loss) >= 40%"},
    ],
}


def judged(gates: dict[str, Any], *more: s.Told) -> Status:
    frame = Frame("tale", s.view(live(), COURSE, more, exited(0), closed()), T0 + 70)
    return describe(frame, Terms(gates=gates))


def test_the_highest_tier_that_holds_is_the_badge() -> None:
    found = judged(GATES)
    assert (found.word, found.exit_status, found.needs) == ("DONE", 0, ())
    assert found.success is not None
    assert (found.success.passed, found.success.tier) == (True, "strong")
    assert [tier.met for tier in found.success.tiers] == [True, True, False]
    validator("status").validate(found.table())


@pytest.mark.parametrize(
    ("gate", "value", "met"),
    [
        ({"f1": ">= 0.4"}, 0.4, True),
        ({"f1": "> 0.4"}, 0.4, False),
        ({"never": "> 0"}, None, False),
        ({"tiers": [{"name": "a", "require": "first(f1) == 0.1"}]}, 0.1, True),
        ({"tiers": [{"name": "a", "require": "max(val_loss) <= 10"}]}, 10.0, True),
        ({"tiers": [{"name": "a", "require": "min(val_loss) < 6"}]}, 6.0, False),
        ({"tiers": [{"name": "a", "require": "mean(f1) > 0.33"}]}, 1 / 3, True),
        ({"tiers": [{"name": "a", "require": "drop(val_loss) >= 2.5"}]}, 2.5, True),
        ({"tiers": [{"name": "a", "require": "drop(val_loss) > 25%"}]}, 25.0, False),
    ],
)
def test_each_way_of_looking_at_a_metric(
    gate: dict[str, Any], value: float | None, met: bool
) -> None:
    found = judged(gate).success
    assert found is not None
    [one] = found.gates or found.tiers[0].criteria
    assert one.met is met and one.value == (None if value is None else pytest.approx(value))


def test_a_missed_gate_is_status_7_and_names_it() -> None:
    found = judged({"eval_loss": "< 2.0", "f1": "> 0"})
    assert (found.word, found.exit_status, found.state) == ("GATES FAILED", 7, "failed")
    assert found.reason == "eval_loss < 2, it is 7.5"
    assert [need.alarm for need in found.needs] == ["gates"]


def test_nan_meets_no_gate() -> None:
    last = ("1/trainer", Row(T0 + 9, 9, {"val_loss": float("nan")}))
    assert judged({"val_loss": "< 8"}, last).exit_status == 7


def test_a_run_that_failed_fails_by_itself() -> None:
    """The control: a gate never makes a bad end better or of another kind."""
    frame = Frame("tale", s.view(live(), COURSE, exited(3), closed()), T0 + 70)
    assert describe(frame, Terms(gates={"eval_loss": "< 2.0"})).exit_status == 1


def test_attempts_count_as_one_course() -> None:
    more = [s.opened(2, "crash"), *s.started(2), ("2/trainer", Row(T0 + 80, 4, {"f1": 0.9}))]
    view = s.view(live(), COURSE, exited(3), more)
    found = success(
        {"tiers": [{"name": "a", "require": "first(f1) < 0.2 and last(f1) > 0.8"}]}, view
    )
    assert found is not None and found.tier == "a"


def test_no_gates_are_no_judgement_and_loose_ones_are_none() -> None:
    assert judged({}).success is None
    assert (
        judged(
            {
                "loss": 7,
                "tiers": [
                    "x",
                    {
                        "name": "a",
                        "require": "best(",
                    },
                ],
            }
        ).success
        is None
    )


def test_the_exit_status_of_a_real_run(
    capsys: pytest.CaptureFixture[str], home: Path, tmp_path: Path
) -> None:
    engine: Engine = caller(capsys)
    code = "for n in range(1, 4): print(f'step {n}/3 loss {4 - n} acc {n / 10}', flush=True)"
    profile = tmp_path / "gated.toml"
    argv = json.dumps([sys.executable, "-c", code])
    head = f'name = "gated"\nrecipe = "command"\n[command]\nargv = {argv}\n[gates]\n'
    tier = 'tiers = [{name = "fine", require = "best(accuracy) > 0.25"}]\n'
    profile.write_text(head + 'loss = "< 0.5"\n' + tier)
    answer = engine("launch", str(profile), "--wait", "--json")
    assert answer.status == 7, answer.err
    table = answer.values()[-1]
    assert (table["word"], table["success"]["tier"]) == ("GATES FAILED", "fine")
    assert Run(home / "logs" / table["run"]).attempt(2).folder.exists() is False
    spoken = engine("status", "@").out
    assert "✖ loss < 0.5, it is 1" in spoken and "fine: ✔ best(accuracy) > 0.25" in spoken
    assert engine("launch", str(profile), "--wait", "--set", 'gates.loss="< 1.5"').status == 0
