"""Metrics as a stream: one value a step, by the rules of the fold; and as CSV."""

from __future__ import annotations

import csv
import io
import math
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from engine.events import Row, encode
from engine.events import runner as r
from engine.export.tables import to_csv
from engine.rows import RunRows, Step, steps
from engine.runs import Run
from tests.support import journals
from tests.support import stories as s


def told(logs: Path, *rows: Row) -> Run:
    return journals.write(logs, s.live(), [("1/trainer", row) for row in rows])


def test_rows_of_one_step_become_one_value(tmp_path: Path) -> None:
    run = told(
        tmp_path,
        Row(1.0, 1, {"loss": 3.0}),
        Row(2.0, 1, {"eval_loss": 2.5}, epoch=0.5),
        Row(3.0, 2, {"loss": 2.0}, phase="B"),
    )
    assert list(steps(run)) == [
        Step(1, 1, 1.0, 0.5, None, {"loss": 3.0, "eval_loss": 2.5}),
        Step(1, 2, 3.0, None, "B", {"loss": 2.0}),
    ]


def test_a_row_without_a_step_continues_and_other_ranks_are_left_out(tmp_path: Path) -> None:
    run = told(
        tmp_path,
        Row(1.0, 7, {"loss": 3.0}),
        Row(2.0, None, {"grad_norm": 1.0}),
        Row(2.0, 7, {"loss": 9.0}, rank=1),
    )
    assert list(steps(run)) == [Step(1, 7, 1.0, None, None, {"loss": 3.0, "grad_norm": 1.0})]


def test_a_foreign_console_gives_the_same_names(tmp_path: Path) -> None:
    run = journals.write(tmp_path, s.live(), ("1/runner", r.Grew(s.T0 + 5, 17, 0)))
    journals.append(run.attempt(1).console, b"step 1 lr=0.5, train_loss=2\nstep 2 train_loss=1\n")
    found = list(steps(run))
    assert [(one.step, one.values) for one in found] == [
        (1, {"learning_rate": 0.5, "loss": 2.0}),
        (2, {"loss": 1.0}),
    ]


def test_the_trainers_own_word_stands_above_its_console(tmp_path: Path) -> None:
    run = told(tmp_path, Row(1.0, 1, {"loss": 3.0}))
    journals.append(run.attempt(1).console, b"step 1 loss 99\n")
    assert [one.values["loss"] for one in steps(run)] == [3.0]


@given(st.lists(st.integers(1, 400), max_size=12))
def test_following_gives_what_reading_at_once_gives(cuts: list[int]) -> None:
    import tempfile

    rows = [Row(float(i), i // 2, {"loss": 1.0 / (i + 1)}) for i in range(20)]
    data = b"".join(encode(row) for row in rows)
    with tempfile.TemporaryDirectory() as folder:
        run = journals.write(Path(folder), s.live())
        follower, found = RunRows(run), []
        for cut in cuts:
            journals.append(run.attempt(1).trainer, data[:cut])
            data = data[cut:]
            found += list(follower.read())
        journals.append(run.attempt(1).trainer, data)
        found += list(follower.read(rest=True))
        assert found == list(steps(run))
        assert [one.step for one in found] == list(range(10))


def exported(run: Run) -> list[dict[str, str]]:
    file = io.StringIO()
    written, columns = to_csv(run, file)
    table = list(csv.DictReader(io.StringIO(file.getvalue())))
    assert len(table) == written and list(table[0]) == columns
    return table


def test_csv_holds_every_number_exactly(tmp_path: Path) -> None:
    run = told(
        tmp_path, Row(0.1, 1, {"loss": 0.1 + 0.2, "b": math.nan}), Row(2.0, 2, {"c": -math.inf})
    )
    first, second = exported(run)
    assert float(first["loss"]) == 0.1 + 0.2
    assert (first["b"], first["c"], second["c"], second["loss"]) == ("nan", "", "-inf", "")


def test_a_spreadsheet_computes_nothing_that_came_from_outside(tmp_path: Path) -> None:
    evil = '=HYPERLINK("http://x")'
    run = told(tmp_path, Row(1.0, 1, {evil: 1.0, "@a": 1.0, "\x1b[2Jx": 2.0}, phase="+cmd|x"))
    (row,) = exported(run)
    assert row["phase"] == "'+cmd|x"
    assert [name for name in row if name[0] in "=+-@\x1b"] == []


def test_a_resumed_run_keeps_both_attempts_apart(tmp_path: Path) -> None:
    run = journals.write(
        tmp_path, s.live(), s.rows([3, 2]), s.opened(2, "crash"), s.rows([9], number=2, first=2)
    )
    assert [(row["attempt"], row["step"]) for row in exported(run)] == [
        ("1", "1"),
        ("1", "2"),
        ("2", "2"),
    ]
