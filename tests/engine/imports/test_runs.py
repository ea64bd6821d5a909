"""A file or a folder of other programs becomes a run like any other; what is nothing of the kind is refused."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from engine.imports import plan, record, wandb
from tests.support.cli import Engine


def test_a_folder_of_each_kind_becomes_runs(engine: Engine, files: Path) -> None:
    answer = engine("import", str(files), "--json")
    assert answer.status == 0, answer.err
    made = {value["run"][:-21]: value for value in answer.valid("import")}
    counted = {name: one["rows"] for name, one in made.items()}
    assert counted == {"tb": 301, "torch": 100, "my-run": 202, "tr": 50}
    (table,) = engine("status", made["tb"]["run"], "--json").valid("status")
    assert (table["step"], table["host"], table["word"]) == (300, "imported", "LOST")
    assert "do not say how it ended" in table["reason"]
    (table,) = engine("status", made["my-run"]["run"], "--json").valid("status")
    assert (table["word"], table["exit"]["code"]) == ("FAILED 3", 3)
    (table,) = engine("status", made["tr"]["run"], "--json").valid("status")
    assert (table["step"], table["metrics"]["loss"]) == (49, 1 / 50)
    points = engine("tail", made["tr"]["run"], "--metrics", "--json").valid("tail-metrics")
    assert [point["step"] for point in points] == list(range(50)) and points[0]["t"] > 1.7e9
    played = engine("replay", made["torch"]["run"], "--speed", "max", "--json").valid("status")
    assert played[-1]["step"] == 99 and any(one["step"] not in (None, 99) for one in played)


def test_parts_of_one_run_are_one_run(tmp_path: Path, files: Path) -> None:
    folder = tmp_path / "keras"
    for part in ("train", "validation"):
        shutil.copytree(files / "torch", folder / part)
    [one] = plan(folder)
    run, found = record(one, tmp_path / "logs")
    assert found.rows == 200
    told = [json.loads(text) for text in run.attempt(1).trainer.read_bytes().splitlines()]
    assert {name for row in told for name in row} == {"step", "t", "loss", "eval_loss"}
    times = [row["t"] for row in told]
    assert times == sorted(times)


CSV = "epoch,train_loss,val_loss,note\n1,8.5,17.6,a\n2,nan,16.1,b\n"
LIGHTNING = (
    "epoch,step,train_loss,val_loss\n0,9,0.5,\n0,9,,0.7\n"
    "epoch,step,train_loss,val_loss,lr\n1,19,0.4,,0.1\n"
)
LINES = (
    '{"current_steps": 5, "loss": 5.7, "lr": 1e-06, "epoch": 0.16}\nrubbish\n'
    '{"current_steps": 10, "loss": NaN}\n'
)
HISTORY = [{"loss": 1.5, "step": 1}, {"eval_loss": 2.5, "step": 2}, {"train_runtime": 3, "step": 2}]
STATE = {"max_steps": 9, "global_step": 2, "log_history": HISTORY}
TABLES: list[tuple[str, str, list[tuple[int, dict[str, Any]]]]] = [
    (
        "a.csv",
        CSV,
        [(1, {"loss": 8.5, "eval_loss": 17.6}), (2, {"loss": "nan", "eval_loss": 16.1})],
    ),
    (
        "metrics.csv",
        LIGHTNING,
        [(9, {"loss": 0.5}), (9, {"eval_loss": 0.7}), (19, {"loss": 0.4, "learning_rate": 0.1})],
    ),
    ("a.tsv", "loss\tstep\n1\t3\n", [(3, {"loss": 1.0})]),
    ("log.jsonl", LINES, [(5, {"loss": 5.7, "learning_rate": 1e-06}), (10, {"loss": "nan"})]),
    ("trainer_state.json", json.dumps(STATE), [(1, {"loss": 1.5}), (2, {"eval_loss": 2.5})]),
]


@pytest.mark.parametrize(("name", "text", "want"), TABLES, ids=[case[0] for case in TABLES])
def test_tables_of_every_kind(tmp_path: Path, name: str, text: str, want: list[Any]) -> None:
    (tmp_path / name).write_text(text)
    [one] = plan(tmp_path / name)
    run, _ = record(one, tmp_path / "logs")
    told = [json.loads(line) for line in run.attempt(1).trainer.read_bytes().splitlines()]
    kept = [row for row in told if "e" not in row]
    shown = [(row.pop("step"), {k: v for k, v in row.items() if k != "epoch"}) for row in kept]
    assert shown == want


def test_the_state_of_a_trainer_knows_its_total(engine: Engine, tmp_path: Path) -> None:
    (tmp_path / "trainer_state.json").write_text(json.dumps(STATE))
    run_id = engine("import", str(tmp_path / "trainer_state.json")).out.strip()
    (table,) = engine("status", run_id, "--json").valid("status")
    assert (table["step"], table["total"]) == (2, 9)
    assert table["metrics"] == {"loss": 1.5, "eval_loss": 2.5}


def test_of_a_trainers_checkpoints_the_newest_has_it_all(tmp_path: Path) -> None:
    for step in (9, 100):
        (tmp_path / f"out/checkpoint-{step}").mkdir(parents=True)
        (tmp_path / f"out/checkpoint-{step}/trainer_state.json").write_text(json.dumps(STATE))
    [one] = plan(tmp_path / "out")
    assert one.sources[0].path.parent.name == "checkpoint-100"
    (tmp_path / "out/trainer_state.json").write_text(json.dumps(STATE))
    [one] = plan(tmp_path / "out")
    assert one.sources[0].path.parent.name == one.name == "out"


def test_a_console_is_kept_as_it_is_and_read_by_a_dialect(engine: Engine, tmp_path: Path) -> None:
    log = tmp_path / "train.log"
    told = b"".join(b"iter %d: loss %.4f, time 12ms\n" % (n, 3 / n) for n in range(1, 9))
    log.write_bytes(b"hello\n" + told)
    run_id = engine("import", str(log)).out.strip()
    (table,) = engine("status", run_id, "--json").valid("status")
    assert (table["step"], table["metrics"]["loss"]) == (8, 0.375)
    assert engine("tail", run_id, "--console").out.startswith("hello\n")


@pytest.mark.parametrize(
    ("name", "data", "why"),
    [
        ("x.bin", b"\0\1\2", "cannot be imported"),
        ("empty", b"", "cannot be imported"),
        ("x.json", b"{}", "cannot be imported"),
        ("a.csv", b"name,who\na,b\n", "no metrics"),
        ("run-1.wandb", wandb.HEADER, "no metrics"),
        ("x.db", b"SQLite format 3\0" + b"\0" * 100, "cannot be imported"),
    ],
)
def test_what_is_nothing_of_the_kind_is_refused(
    engine: Engine, home: Path, tmp_path: Path, name: str, data: bytes, why: str
) -> None:
    (tmp_path / name).write_bytes(data)
    answer = engine("import", str(tmp_path / name))
    assert (answer.status, answer.out) == (2, "")
    assert why in answer.err and "next: " in answer.err
    assert not list((home / "logs").glob("*")) and not list((home / "logs").glob(".*"))


def test_nothing_there_is_said(engine: Engine, tmp_path: Path) -> None:
    assert engine("import", str(tmp_path / "none")).status == 4
    (tmp_path / "bare").mkdir()
    assert engine("import", str(tmp_path / "bare")).status == 2


@pytest.mark.parametrize("name", ["e", "t", "rank", "phase"])
def test_a_metric_named_like_a_field_is_no_field(tmp_path: Path, name: str) -> None:
    """As itself, a metric `e` would make the row an event."""
    path = tmp_path / "a.jsonl"
    path.write_text(json.dumps({"step": 1, "loss": 2.0, name: 0.5}) + "\n")
    [one] = plan(path)
    run, _ = record(one, tmp_path / "logs")
    told = json.loads(run.attempt(1).trainer.read_bytes())
    assert told["loss"] == 2.0 and name not in told
