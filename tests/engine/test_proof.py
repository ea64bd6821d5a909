"""Whether a resume continues, by its first rows: three ways in which a known script does not, and one that does."""

from __future__ import annotations

import dataclasses
import json
import math
import random
from itertools import pairwise

import pytest

from engine import proof
from engine.dialects import Reader
from engine.proof import PROVEN, REFUTED, WEAK, Judgement, Point, Proof, Told

BEFORE = """\
2026-11-20 15:58:48,114 - INFO - Model parameters: 2,018,624
2026-11-20 15:58:51,412 - INFO - iter 0: loss 10.3278, time 3297.58ms, mfu -100.00%
2026-11-20 15:59:17,345 - INFO - iter 10: loss 10.3095, time 2701.01ms, mfu 0.00%
2026-11-20 15:59:42,934 - INFO - step 20: train loss 10.3209, val loss 10.3308
2026-11-20 15:59:42,934 - INFO - Saving checkpoint to ../out_slm/checkpoint-20.pt
2026-11-20 15:59:45,829 - INFO - iter 20: loss 10.3281, time 5064.56ms, mfu 0.00%
2026-11-20 16:00:08,835 - INFO - iter 30: loss 10.2911, time 2147.47ms, mfu 0.00%
2026-11-20 16:00:31,399 - INFO - step 40: train loss 10.3040, val loss 10.2890
2026-11-20 16:00:31,400 - INFO - Saving checkpoint to ../out_slm/checkpoint-40.pt
2026-11-20 16:00:33,809 - INFO - iter 40: loss 10.3180, time 4559.85ms, mfu 0.00%
2026-11-20 16:00:58,457 - INFO - iter 50: loss 10.2570, time 3279.42ms, mfu 0.00%
2026-11-20 16:01:30,009 - INFO - step 60: train loss 10.2658, val loss 10.2686
2026-11-20 16:01:30,083 - INFO - Saving checkpoint to ../out_slm/checkpoint-60.pt
2026-11-20 16:01:33,100 - INFO - iter 60: loss 10.2529, time 5845.01ms, mfu 0.00%
"""
RESTARTS = {
    "by name": """\
2026-11-20 16:02:12,610 - INFO - Historical tokenizer loaded successfully
2026-11-20 16:02:12,756 - ERROR - Checkpoint file not found: checkpoint-60
2026-11-20 16:02:14,889 - INFO - iter 0: loss 10.3278, time 2131.45ms, mfu -100.00%
""",
    "by path": """\
2026-11-20 16:03:41,636 - INFO - Resuming from checkpoint: ../out_slm/checkpoint-60.pt
2026-11-20 16:03:41,698 - INFO - Model state loaded successfully
2026-11-20 16:03:41,699 - INFO - Resuming from iteration: 60
2026-11-20 16:03:43,474 - INFO - iter 0: loss 10.2679, time 1773.67ms, mfu -100.00%
""",
    "by itself": """\
2026-11-20 16:04:52,004 - INFO - Historical tokenizer loaded successfully
2026-11-20 16:04:54,916 - INFO - iter 0: loss 10.3278, time 2799.57ms, mfu -100.00%
""",
}
PATCHED = """\
2026-11-20 16:03:41,699 - INFO - Resuming from iteration: 60
2026-11-20 16:03:42,001 - INFO - step 60: train loss 10.2660, val loss 10.2686
2026-11-20 16:03:43,474 - INFO - iter 60: loss 10.2529, time 1773.67ms, mfu -100.00%
"""


def told(text: str) -> list[Told]:
    rows = Reader().feed(text.encode())
    return [Told(row.step, row.values) for row, _ in rows]


def before(text: str = BEFORE) -> list[Point]:
    rows = [(row.step, row.values.get("loss")) for row, _ in Reader().feed(text.encode())]
    steps = {step: loss for step, loss in rows if step is not None}
    return [(step, loss, None) for step, loss in sorted(steps.items())]


def falling(steps: int = 200, noise: float = 0.02, every: int = 1) -> list[Point]:
    """A run that learns: its loss falls from 8 to about 3, its rate by a line."""
    dice = random.Random(1)
    return [(s, loss_at(s) + dice.gauss(0, noise), rate_at(s)) for s in range(0, steps + 1, every)]


def loss_at(step: int) -> float:
    return 3.0 + 5.0 * math.exp(-step / 60)


def rate_at(step: int) -> float:
    return 3e-4 * (1 - step / 400)


def judged(spec: Proof, *rows: Told) -> Judgement:
    found = proof.judge(spec, rows)
    assert found is not None
    return found


def row(step: int | None, loss: float | None = None, rate: float | None = None) -> Told:
    values = {"loss": loss, "learning_rate": rate}
    return Told(step, {name: value for name, value in values.items() if value is not None})


@pytest.mark.parametrize("form", RESTARTS)
def test_each_silent_restart_is_refuted_by_its_first_line(form: str) -> None:
    spec = proof.expect(60, before(), "stop")
    assert spec.interval == 10
    found = judged(spec, *told(RESTARTS[form]))
    assert (found.verdict, found.failed, found.step) == (REFUTED, ("step",), 0)
    assert "step 0 instead of 60 to 70" in found.detail


def test_the_patched_script_is_proven() -> None:
    found = judged(proof.expect(60, before(), "stop"), *told(PATCHED))
    assert (found.verdict, found.failed, found.step) == (PROVEN, (), 60)


def test_nothing_told_proves_nothing() -> None:
    assert proof.judge(proof.expect(60, before(), "stop"), told("Loading…\n")) is None


@pytest.mark.parametrize("step", [120, 121])
def test_the_step_and_its_first_interval_are_allowed(step: int) -> None:
    spec = proof.expect(120, falling(), "stop")
    assert judged(spec, row(step, loss_at(step), rate_at(step))).verdict == PROVEN


@pytest.mark.parametrize("step", [0, 1, 119, 122, 240])
def test_any_other_step_is_refuted(step: int) -> None:
    spec = proof.expect(120, falling(), "stop")
    assert judged(spec, row(step, loss_at(120), rate_at(120))).failed == ("step",)


def test_the_right_step_with_fresh_weights_is_refuted_by_the_loss() -> None:
    spec = proof.expect(120, falling(120), "stop")
    found = judged(spec, row(121, 8.0, rate_at(121)))
    assert (found.verdict, found.failed) == (REFUTED, ("loss",))
    assert "loss 8 instead of" in found.detail


def test_a_steep_curve_is_no_excuse_for_fresh_weights() -> None:
    """By the plain deviation of the last 50 losses, 7.9 at step 56 would pass: the trend is taken out."""
    history = falling(55)
    losses = [loss for _, loss, _ in history[-50:] if loss is not None]
    middle = sum(losses) / len(losses)
    plain = math.sqrt(sum((loss - middle) ** 2 for loss in losses) / len(losses))
    assert abs(7.9 - losses[-1]) < 4 * plain
    assert judged(proof.expect(55, history, "stop"), row(56, 7.9)).failed == ("loss",)


YOUNG = [
    0.693,
    0.643,
    0.553,
    0.543,
    0.499,
    0.448,
    0.474,
    0.393,
    0.38,
    0.297,
    0.313,
    0.33,
    0.27,
    0.232,
    0.255,
]
"""What a small model told from its first step on."""


@pytest.mark.parametrize("seen", range(1, len(YOUNG)))
def test_a_curve_that_has_just_begun_is_not_refuted_for_falling_on(seen: int) -> None:
    spec = proof.expect(seen, [(at, loss, 0.5) for at, loss in enumerate(YOUNG[:seen], 1)], "stop")
    assert judged(spec, row(seen + 1, YOUNG[seen], 0.5)).verdict in (PROVEN, WEAK)
    if seen > 4:  # and a fresh start still is
        assert judged(spec, row(seen + 1, 0.7, 0.5)).failed == ("loss",)


def test_few_losses_excuse_neither_what_is_no_number_nor_a_step_that_was_trained() -> None:
    told = [(at, loss, 0.5) for at, loss in enumerate(YOUNG, 1)]
    for bad in (math.inf, -math.inf, math.nan):
        assert judged(proof.expect(8, told[:8], "stop"), row(9, bad, 0.5)).failed == ("loss",)
    assert judged(proof.expect(8, told, "stop"), row(9, 0.2, 0.5)).failed == ("loss",)


def test_noise_is_borne() -> None:
    spec = proof.expect(150, falling(150, noise=0.3), "stop")
    assert judged(spec, row(151, loss_at(151) + 0.6)).verdict == PROVEN
    quiet = proof.expect(150, falling(150, noise=0.001), "stop")
    assert judged(quiet, row(151, loss_at(151) + 0.9)).failed == ("loss",)


def test_a_step_that_was_trained_before_is_held_against_its_own_loss() -> None:
    history = [*falling(100), (101, 4.9, None)]
    assert judged(proof.expect(100, history, "stop"), row(101, 4.9)).verdict == PROVEN


def test_a_schedule_that_begins_anew_is_refuted() -> None:
    spec = proof.expect(120, falling(every=10), "stop")
    good = judged(spec, row(125, loss_at(125), rate_at(125)))
    assert good.verdict == PROVEN
    assert judged(spec, row(125, loss_at(125), rate_at(5))).failed == ("learning rate",)


@pytest.mark.parametrize("ended", [3, 4, 5, 6, 7, 9, 12, 14])
def test_a_short_schedule_that_bends_is_not_refuted(ended: int) -> None:
    """Four steps up, then a cosine of eleven: each rate is far from the one before."""

    def rate(step: int) -> float:
        return step / 4 if step <= 4 else 0.5 * (1 + math.cos(math.pi * (step - 5) / 11))

    points = [(step, loss_at(step), 2e-4 * rate(step)) for step in range(1, ended + 1)]
    spec = proof.expect(ended, points, "stop")
    onward = row(ended + 1, loss_at(ended + 1), 2e-4 * rate(ended + 1))
    assert "learning rate" not in judged(spec, onward).failed
    if ended >= 9:  # the control: a schedule that began anew
        again = row(ended + 1, loss_at(ended + 1), 2e-4 * rate(4))
        assert judged(spec, again).failed == ("learning rate",)


def test_the_rate_is_carried_on_beyond_what_was_trained() -> None:
    spec = proof.expect(200, falling(every=10), "stop")
    assert judged(spec, row(210, loss_at(210), rate_at(210))).verdict == PROVEN
    assert judged(spec, row(210, loss_at(210), 3e-4)).failed == ("learning rate",)


def test_a_step_without_a_loss_is_weak_and_a_wrong_one_is_refuted_at_once() -> None:
    spec = proof.expect(120, falling(), "stop")
    assert judged(spec, row(121)).verdict == WEAK
    assert judged(spec, row(1)).verdict == REFUTED


def test_nothing_to_compare_with_is_weak() -> None:
    assert judged(proof.expect(120, [], "stop"), row(121, 3.0)).verdict == WEAK
    assert judged(proof.expect(None, falling(), "stop"), row(None, loss_at(200))).verdict == WEAK


def test_a_loss_that_is_no_number_does_not_continue() -> None:
    assert judged(proof.expect(120, falling(), "stop"), row(121, math.nan)).failed == ("loss",)


def test_what_became_of_the_optimizer_is_never_claimed() -> None:
    """Weights without their optimizer look the same in the first row, so it is said that nobody can see it."""
    spec = proof.expect(120, falling(), "stop")
    seen = row(121, loss_at(121))
    assert "not visible" in judged(spec, seen).detail
    held = dataclasses.replace(spec, holds=("weights", "optimizer"))
    assert "whether it was loaded is not visible" in judged(held, seen).detail
    without = dataclasses.replace(spec, holds=("weights",))
    assert "not in the checkpoint, so it began anew" in judged(without, seen).detail


def test_a_spec_survives_the_job_file() -> None:
    spec = dataclasses.replace(proof.expect(120, falling(), "warn"), holds=("weights",))
    assert Proof.of(json.loads(json.dumps(spec.table()))) == spec


@pytest.mark.parametrize(
    "table", [{}, {"step": "x", "points": 3, "holds": 1}, {"points": [[], [None]]}]
)
def test_a_damaged_spec_knows_nothing(table: dict[str, object]) -> None:
    assert Proof.of(table).step is None and Proof.of(table).points == ()


def test_the_history_it_keeps_is_around_the_checkpoint() -> None:
    spec = proof.expect(120, falling(1000), "stop")
    steps = [point[0] for point in spec.points]
    assert len(steps) <= 60 and steps[0] > 60 and steps[-1] <= 128
    assert all(a < b for a, b in pairwise(steps))
