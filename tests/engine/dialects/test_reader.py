"""Lines of real trainers to rows; any cut of the bytes gives the same; no line raises."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.dialects import DIALECTS, Reader

LINES: list[tuple[str, str, int | None, dict[str, float]]] = [
    ("step 10 loss 2.31", "keyvalue", 10, {"loss": 2.31}),
    ("step=10, loss=2.31e-1 lr=3e-4", "keyvalue", 10, {"loss": 0.231, "learning_rate": 3e-4}),
    ("iter 40: loss 3.1200, time 12.50ms, mfu 31.20%", "keyvalue", 40, {"loss": 3.12, "time": 12.5, "mfu": 31.2}),
    ("step 0: train loss 10.5, val loss 10.6", "keyvalue", 0, {"loss": 10.5}),
    ("Epoch 3/100: train_loss=-1.2, val_loss=nan", "keyvalue", None, {"loss": -1.2, "eval_loss": math.nan}),
    ("\x1b[32mstep\x1b[0m 7 \x1b[1mloss\x1b[0m 0.5", "keyvalue", 7, {"loss": 0.5}),
    ("{'loss': 2.5, 'grad_norm': 1.5, 'learning_rate': 5e-05, 'epoch': 0.5}", "hf", None,
     {"loss": 2.5, "grad_norm": 1.5, "learning_rate": 5e-05}),
    ("{'loss': '3.896', 'grad_norm': 'nan', 'epoch': '0.5'}", "hf", None, {"loss": 3.896, "grad_norm": math.nan}),
    ("{'eval_loss': '2.1', 'eval_runtime': '1.5'}", "hf", None, {"eval_loss": 2.1, "eval_runtime": 1.5}),
    ('{"step": 3, "train/loss": 2.0, "note": "x"}', "jsonlines", 3, {"loss": 2.0}),
]  # fmt: skip
NOTHING = [
    "listening on port: 8080",
    "loaded 500 of 1000 rows",
    "2026-11-20 12:00:00 INFO starting",
    "{'train_runtime': '12.1', 'train_loss': '1.5', 'epoch': '3'}",
    '{"port": 80}',
    "",
    "loss",
    "loss is going down",
]


def read(data: bytes, sizes: list[int] | None = None) -> list[object]:
    reader, found, at = Reader(), [], 0
    for size in sizes or []:
        found += reader.feed(data[at : at + size])
        at += size
    return found + list(reader.feed(data[at:]))


@pytest.mark.parametrize(
    ("line", "dialect", "step", "values"), LINES, ids=[entry[0][:30] for entry in LINES]
)
def test_a_line_of_a_trainer(
    line: str, dialect: str, step: int | None, values: dict[str, float]
) -> None:
    reader = Reader()
    [(row, end)] = reader.feed(line.encode() + b"\n")
    assert reader.name == dialect and end == len(line.encode()) + 1
    assert row.step == step
    assert {key: repr(value) for key, value in row.values.items() if key in values} == {
        key: repr(value) for key, value in values.items()
    }


@pytest.mark.parametrize("line", NOTHING)
def test_a_line_that_says_nothing_of_training(line: str) -> None:
    assert Reader().feed(line.encode() + b"\n") == []


def test_the_total_comes_with_the_step() -> None:
    reader = Reader()
    reader.feed(b"step 5/200 loss 1.5\n")
    assert reader.total == 200


def test_a_redrawn_bar_is_many_lines() -> None:
    reader = Reader("keyvalue")
    found = reader.feed(b"step 1 loss 3\rstep 2 loss 2\rstep 3 loss 1\r")
    assert [row.step for row, _ in found] == [1, 2, 3]


def test_a_chosen_dialect_is_kept() -> None:
    assert Reader("hf").feed(b"step 10 loss 2.31\n") == []


TEXT = st.lists(
    st.sampled_from(
        [
            b"step 1 loss 2\n",
            b"{'loss': 2.0}\n",
            b'{"loss":1,"step":2}\n',
            b"\r",
            b"\n",
            b"\xff\0x",
            b"lo",
            b"ss 3 ",
        ]
    ),
    max_size=12,
).map(b"".join)


@given(TEXT, st.lists(st.integers(0, 30), max_size=10))
def test_any_cut_reads_the_same(data: bytes, sizes: list[int]) -> None:
    assert repr(read(data, sizes)) == repr(read(data))


@given(st.text(max_size=200), st.sampled_from(list(DIALECTS.values())))
def test_no_line_raises(line: str, dialect: object) -> None:
    dialect(line)  # type: ignore[operator]


@pytest.mark.parametrize(
    "line",
    [
        "{'" * 2000,
        "a=" * 2000,
        "1" * 60_000,
        "loss " + "9" * 60_000,
        "{'a': '" * 700,
        "loss=" + "_1" * 2000,
    ],
)
def test_hostile_lines_take_no_time(line: str) -> None:
    """Quadratic patterns would take minutes here, and the test's time limit would end them."""
    for dialect in DIALECTS.values():
        for _ in range(20):
            dialect(line)
