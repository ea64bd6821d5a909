"""The runner follows what a script writes beside its console: as it grows, when it appears, each row once."""

from __future__ import annotations

import json
from pathlib import Path

from engine.dialects import Lens
from engine.events import Row, Segment, decode
from engine.runner.files import Files


def told(target: Path) -> list[tuple[int | None, dict[str, float]]]:
    if not target.exists():
        return []
    rows = [decode(line, Segment.TRAINER) for line in target.read_bytes().splitlines()]
    return [(row.step, dict(row.values)) for row in rows if isinstance(row, Row)]


def files(folder: Path, *globs: str) -> Files:
    return Files(globs, str(folder), str(folder / "files.jsonl"), Lens())


def test_rows_come_as_a_file_grows_and_as_files_appear(tmp_path: Path) -> None:
    made, target = files(tmp_path, "out/*.csv", "*.jsonl.log"), tmp_path / "files.jsonl"
    assert made.look(10.0) == [] and told(target) == []
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "a.csv").write_text("step,loss\n1,2.5\n2,")
    assert [row.step for row in made.look(20.0)] == [1]
    assert made.look(20.5) == [], "not looked at again so soon"
    with (tmp_path / "out" / "a.csv").open("a") as file:
        file.write("2.25\n")
    (tmp_path / "out" / "b.csv").write_text("epoch,f1\n3,0.5\n")
    made.look(30.0)
    made.close()
    assert told(target) == [(1, {"loss": 2.5}), (2, {"loss": 2.25}), (3, {"f1": 0.5})]


def test_what_lay_there_before_is_another_runs(tmp_path: Path) -> None:
    path = tmp_path / "m.csv"
    path.write_text("step,loss\n1,9\n")
    made = files(tmp_path, "m.csv")
    made.look(10.0)
    with path.open("a") as file:
        file.write("2,8\n")
    made.last()
    made.close()
    assert told(tmp_path / "files.jsonl") == [(2, {"loss": 8.0})]


def test_a_file_that_is_replaced_tells_its_new_rows(tmp_path: Path) -> None:
    made, path = files(tmp_path, "*/trainer_state.json", "m.csv"), tmp_path / "m.csv"
    for step in (2, 4):
        history = [{"step": at, "loss": 1 / at, "epoch": 0.5} for at in range(2, step + 1, 2)]
        (tmp_path / f"checkpoint-{step}").mkdir()
        state = json.dumps({"log_history": history})
        (tmp_path / f"checkpoint-{step}" / "trainer_state.json").write_text(state)
        path.write_text(
            "epoch,step,loss" + (",val_loss" if step > 2 else "") + f"\n0,1,7\n0,{step},6\n"
        )
        made.look(step * 10.0)
    made.close()
    found = sorted((step or 0, values["loss"]) for step, values in told(tmp_path / "files.jsonl"))
    assert found == [(1, 7.0), (2, 0.5), (2, 6.0), (4, 0.25), (4, 6.0)]


def test_a_next_runner_goes_on(tmp_path: Path) -> None:
    (tmp_path / "files.jsonl").write_text('{"step":1,"loss":2.0,"t":1.0}\n')
    path = tmp_path / "m.csv"
    path.write_text("step,loss\n1,2\n2,1\n")
    made = files(tmp_path, "m.csv")
    made.look(10.0)
    made.close()
    assert [step for step, _ in told(tmp_path / "files.jsonl")] == [1, 2]
