"""Whole consoles of real programs, as they were printed: right steps, losses, rates and totals, without a setting."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from engine.dialects import Lens, Reader
from engine.events import Row

OUTPUTS = Path(__file__).parent / "outputs"


def read(name: str, lens: Lens | None = None) -> tuple[Reader, list[Row]]:
    reader = Reader(lens)
    found = reader.feed((OUTPUTS / name).read_bytes())
    return reader, [row for row, _ in found + reader.pending()]


def points(rows: list[Row], metric: str) -> list[tuple[int | None, float]]:
    return [(row.step, row.values[metric]) for row in rows if metric in row.values]


def test_transformers_steps_come_from_the_bar_that_is_redrawn_behind_the_line() -> None:
    reader, rows = read("transformers5.log")
    assert (reader.name, reader.total, reader.steps_by) == ("hf", 16, "bar")
    assert [step for step, _ in points(rows, "loss")] == [2, 4, 6, 8, 10, 12, 14, 16]
    assert points(rows, "eval_loss") == [(8, 3.908), (16, 3.907)]
    assert points(rows, "learning_rate")[0] == (2, 4.688e-05)
    assert points(rows, "mean_loss") == [(16, 3.909)] and [row.step for row in rows] == sorted(
        row.step for row in rows if row.step is not None
    )


def test_without_bars_rows_are_counted_by_the_steps_between_them() -> None:
    reader, rows = read("transformers5_quiet.log", Lens(every=2))
    assert reader.steps_by == "count"
    assert [step for step, _ in points(rows, "loss")] == [2, 4, 6, 8, 10, 12, 14, 16]


def test_trl_beside_the_bars_of_its_preparation() -> None:
    reader, rows = read("trl1.16.log")
    assert (reader.name, reader.total) == ("hf", 8)
    assert [step for step, _ in points(rows, "loss")] == [1, 2, 3, 4, 5, 6, 7, 8]
    assert points(rows, "num_tokens")[-1] == (8, 352.0)


def test_bars_alone_tell_how_far_a_training_is() -> None:
    reader, rows = read("transformers5_stderr.bin")
    assert (reader.name, reader.total, rows[-1].step) == (None, 8, 8)


def test_a_script_prints_its_mean_which_is_no_loss_of_a_step() -> None:
    _, rows = read("trl0.27_stdout.txt")
    assert points(rows, "loss")[-1][1] == 10.0989
    assert points(rows, "mean_loss")[0][1] == 10.117531299591064


@pytest.mark.parametrize(
    ("name", "losses"),
    [
        ("nan5.txt", [3.908, 3.904, 0.0, 0.0, 0.0]),
        ("nan4_nofilter.txt", [3.8919, 3.904, math.nan, math.nan, math.nan]),
    ],
)
def test_a_nan_that_is_shown_as_zero_is_told_by_the_norm(name: str, losses: list[float]) -> None:
    _, rows = read(name)
    assert repr([loss for _, loss in points(rows, "loss")]) == repr(losses)
    assert [math.isnan(norm) for _, norm in points(rows, "grad_norm")] == [
        False,
        False,
        True,
        True,
        True,
    ]


def test_london_evaluates_before_the_iteration_of_the_same_step() -> None:
    reader, rows = read("hellolondon.log")
    assert (reader.name, reader.steps_by) == ("nanogpt", "told")
    assert [step for step, _ in points(rows, "loss")] == [0, 10, 20, 30, 40, 50, 60]
    assert [step for step, _ in points(rows, "eval_loss")] == [20, 40, 60]
    assert [step for step, _ in points(rows, "step_ms")] == [0, 10, 30, 50], "without evaluations"
    assert points(rows, "eval_step_ms")[0] == (20, 5064.56)
    assert len(points(rows, "mfu")) == 6, "-100 % is not known yet"
    assert [claim.step for claim in reader.saved] == [20, 40, 60, 61]


def test_london_that_begins_anew_says_so_by_its_steps() -> None:
    _, rows = read("hellolondon_reset.log")
    assert rows[0].step == 0, "it loaded the weights of step 60 and counts from 0"


def test_lightning_draws_each_step_twice_and_repeats_its_evaluation() -> None:
    reader, rows = read("lightning_tqdm.log")
    assert reader.name == "lightning"
    losses = dict(points(rows, "loss"))
    told = (OUTPUTS / "lightning.csv").read_text().splitlines()[1:]
    by_file = {int(s) + 1: float(t) for _, s, t, _ in (line.split(",") for line in told) if t}
    assert set(by_file) <= {step for step in losses if step is not None} and len(losses) == 24
    assert all(abs(losses[step] - loss) < 6e-3 for step, loss in by_file.items())
    assert [step for step, _ in points(rows, "eval_loss")] == [8, 16, 24]


def test_lightning_by_rich_prints_only_its_end_where_there_is_no_terminal() -> None:
    reader, rows = read("lightning_rich.log")
    assert (reader.name, reader.total, rows[-1].step) == ("lightning", 24, 24)


def test_every_prefix_of_a_console_reads() -> None:
    """Also the order of what was read never changes by what comes after."""
    for name in ("transformers5.log", "lightning_tqdm.log", "trl1.16.log"):
        data = (OUTPUTS / name).read_bytes()
        whole = Reader().feed(data)
        for cut in range(0, len(data), 331):
            found = Reader().feed(data[:cut])
            assert repr(found) == repr(whole[: len(found)])
