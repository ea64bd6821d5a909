"""Files that scripts write, to rows: as they grow, in any pieces, and each row once."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.dialects.tables import Csv, JsonLines, Once, state

OUTPUTS = Path(__file__).parent / "outputs"


def test_lightnings_csv_has_columns_that_different_rows_fill() -> None:
    rows = Csv().feed((OUTPUTS / "lightning.csv").read_bytes())
    assert len(rows) == 15
    assert (rows[0].step, rows[0].epoch, rows[0].values) == (1, 0.0, {"loss": 6.3328094482421875})
    assert rows[4].values == {"eval_loss": 1.1965652704238892} and rows[4].step == 7


@pytest.mark.parametrize(
    ("text", "step", "values"),
    [
        ("iter,train/loss,lr\n7,0.5,1e-3\n", 7, {"loss": 0.5, "learning_rate": 1e-3}),
        ("Epoch;Val_Loss;name\n3;1.5;x\n", 3, {"eval_loss": 1.5}),
        ("\ufeffglobal_step\tloss\n12\tnan\n", 12, None),
        ('"step","a,b"\n"1","2.5"\n', 1, {"a,b": 2.5}),
        ("loss\n0.25\n", None, {"loss": 0.25}),
    ],
)
def test_any_header_will_do(text: str, step: int | None, values: dict[str, float] | None) -> None:
    (row,) = Csv().feed(text.encode())
    assert row.step == step and (values is None or row.values == values)


def test_a_trainer_state_tells_unrounded_values_with_their_steps() -> None:
    rows = state((OUTPUTS / "trainer_state.json").read_bytes())
    assert [row.step for row in rows if "loss" in row.values] == [2, 4, 6, 8]
    assert (
        rows[0].values["learning_rate"] == 0.0002
        and rows[2].values["eval_loss"] == 10.130130767822266
    )
    for broken in (b"", b"[]", b"{}", b'{"log_history": 3}', b'{"log_history": [3, {"step": 1}]}'):
        assert state(broken) == []


def test_llama_factorys_log_is_json_lines() -> None:
    line = {"current_steps": 10, "total_steps": 500, "loss": 1.25, "lr": 0.0002, "epoch": 0.03}
    (row,) = JsonLines().feed(json.dumps(line).encode() + b"\n[1]\nnot json\n")
    assert (row.step, row.values) == (10, {"loss": 1.25, "learning_rate": 0.0002})


def test_a_file_that_is_written_anew_tells_only_what_is_new() -> None:
    once = Once()
    assert len(once.new(Csv().feed(b"step,loss\n1,2\n2,1\n"))) == 2
    assert [row.step for row in once.new(Csv().feed(b"step,loss\n1,2\n2,1\n3,0.5\n"))] == [3]


@given(st.lists(st.integers(0, 420), max_size=8))
def test_any_cut_of_a_file_gives_the_same_rows(places: list[int]) -> None:
    data = (OUTPUTS / "lightning.csv").read_bytes()
    edges = [0, *sorted(places), len(data)]
    reader = Csv()
    found = [row for a, b in zip(edges, edges[1:], strict=False) for row in reader.feed(data[a:b])]  # noqa: RUF007
    assert found == Csv().feed(data)


@given(st.binary(max_size=300))
def test_no_file_raises(data: bytes) -> None:
    for read in (Csv().feed, JsonLines().feed, state):
        read(data + b"\n")
