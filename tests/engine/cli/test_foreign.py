"""The profiles of scripts that nobody rewrites, run as they are: steps, losses, rates and checkpoints of each."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from engine.profile import load
from engine.profile.document import FOLDER
from tests.support.cli import Engine


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder like this one's, so that what the scripts write goes away with the test."""
    (tmp_path / "profiles").symlink_to(FOLDER)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(engine: Engine, name: str, *options: str) -> tuple[int, dict[str, Any]]:
    """The status of a run of this profile at its end; the script does not wait between its steps."""
    argv = [*load(name, search=[FOLDER]).command.argv, "--pause", "0", *options]
    path = str(FOLDER / f"{name}.toml")
    answer = engine("launch", path, "--wait", "--set", f"command.argv={json.dumps(argv)}")
    (table,) = engine("status", "@", "--json").valid("status")
    return answer.status, table


def losses(engine: Engine) -> dict[int, float]:
    rows = engine("tail", "@", "--metrics", "--json").valid("tail-metrics")
    return {row["step"]: row["loss"] for row in rows if "loss" in row}


def test_moola_counts_epochs_and_writes_its_files_at_the_end(engine: Engine, project: Path) -> None:
    status, table = run(engine, "moola")
    assert (status, table["word"], table["step"], table["total"]) == (0, "DONE", 100, 100)
    assert table["metrics"]["loss"] < 0 and table["metrics"]["f1"] == 0.5
    assert table["best"]["metric"] == "eval_loss"
    assert [one["step"] for one in table["checkpoints"]][:3] == [10, 20, 30]
    assert list(losses(engine)) == list(range(1, 101))
    assert (table["metrics"]["separation"], table["metrics"]["grad_norm"]) == (
        0.2,
        pytest.approx(2.011, abs=1e-3),
    )


def test_london_starts_over_and_is_stopped_for_it(engine: Engine, project: Path) -> None:
    status, table = run(engine, "london-script")
    assert (status, table["word"], table["step"], table["total"]) == (0, "DONE", 200, 200)
    assert {one["step"] for one in table["checkpoints"]} >= {180, 200, 201}
    assert "mfu" in table["metrics"] and list(losses(engine))[:3] == [0, 10, 20]
    assert engine("resume", "@", "--wait").status == 8
    (table,) = engine("status", "@", "--json").valid("status")
    assert [attempt["n"] for attempt in table["attempts"]] == [1, 2]
    assert table["word"] == "NOT RESUMED"
    rows = engine("tail", "@", "--metrics", "--json").valid("tail-metrics")
    again = [row for row in rows if row["attempt"] == 2]
    assert again[0]["step"] == 0, "it counts from 0, and is stopped for it"


def test_elson_trains_three_phases_and_cleans_up_behind_itself(
    engine: Engine, project: Path
) -> None:
    status, table = run(engine, "elson-script")
    assert (status, table["word"], table["step"], table["total"]) == (0, "DONE", 20, 20)
    rows = engine("tail", "@", "--metrics", "--json").valid("tail-metrics")
    steps = [row["step"] for row in rows if "loss" in row]
    assert steps == 3 * list(range(2, 21, 2))
    assert all("learning_rate" in row for row in rows if "loss" in row)
    assert table["metrics"]["mean_loss"] != table["metrics"]["loss"]
    assert {one["name"] for one in table["checkpoints"]} == {"checkpoint-15", "checkpoint-20"}


def test_axolotl_is_read_by_its_quoted_lines(engine: Engine, project: Path) -> None:
    status, table = run(engine, "cli-tuner-axolotl")
    assert (status, table["word"], table["step"], table["total"]) == (0, "DONE", 60, 60)
    assert losses(engine)[5] == pytest.approx(3.021, abs=1e-3)
    assert {"perplexity", "memory/max_active (GiB)", "learning_rate"} <= set(table["metrics"])
    assert [one["step"] for one in table["checkpoints"]] == [40, 50, 60]
