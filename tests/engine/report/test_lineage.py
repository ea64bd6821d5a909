"""What a run was made of, with hashes, and what came of it."""

from __future__ import annotations

from pathlib import Path

from engine.events import keeper as k
from engine.events import trainer as t
from engine.runs import Run
from tests.support import journals
from tests.support import stories as s
from tests.support.cli import Engine
from tests.support.shelf import PROFILE, falling, shelved

LINEAGE = {
    **PROFILE,
    "model": {"base": "models/final-14b"},
    "lineage": [
        {
            "name": "math-14b",
            "method": "slerp",
            "inputs": ["R1-14B", "Math-14B"],
            "weights": [0.4, 0.6],
        },
        {"name": "final-14b", "method": "dare", "inputs": ["math-14b"], "sha256": "ab" * 32},
    ],
    "phase": [{"id": "A"}, {"id": "B"}],
}


def forked(logs: Path, parent: Run) -> Run:
    run_id = "fork-20260922-000000-abcd"
    accepted = k.Accepted(
        s.T0, 1, run_id, "fork", "e" * 64, "local", "0", "/w", parent.id, "out/step-400", 400
    )
    return journals.write(logs, ("keeper", accepted), s.opened(), run_id=run_id)


def test_the_graph_goes_from_base_to_fork(engine: Engine, logs: Path) -> None:
    saved = ("1/trainer", t.Saved(s.T0 + 300, 400, "out/step-400", 10, "cd" * 32))
    run = shelved(logs, 1, falling(), LINEAGE, [saved])
    fork = forked(logs, run)
    [value] = engine("report", run.id, "--lineage", "--json").valid("report-lineage")
    nodes = {node["id"]: node for node in value["nodes"]}
    assert nodes["model math-14b"]["inputs"] == ["model R1-14B", "model Math-14B"]
    assert "0.4 R1-14B" in nodes["model math-14b"]["how"]
    assert nodes["model final-14b"]["sha256"] == "ab" * 32
    assert nodes[f"run {run.id}"]["inputs"] == ["model final-14b", "data a.jsonl"]
    assert nodes[f"phase {run.id} B"]["inputs"] == [f"phase {run.id} A"]
    assert nodes[f"checkpoint {run.id} out/step-400"]["sha256"] == "cd" * 32
    assert nodes[f"run {fork.id}"]["inputs"] == [f"checkpoint {run.id} out/step-400"]
    for node in nodes.values():
        assert all(one in nodes for one in node["inputs"])
    lines = engine("report", run.id, "--lineage").out.splitlines()
    assert sum("abababababab" in line for line in lines) == 1 and any(
        "fork-2026" in line for line in lines
    )


def test_a_fork_shows_where_it_came_from(engine: Engine, logs: Path) -> None:
    run = shelved(logs, 1, falling(), LINEAGE)
    fork = forked(logs, run)
    [value] = engine("report", fork.id, "--lineage", "--json").valid("report-lineage")
    names = [node["name"] for node in value["nodes"]]
    assert run.id in names and fork.id in names and "final-14b" in names


def test_a_run_that_says_it_is_its_own_parent_is_drawn_all_the_same(
    engine: Engine, logs: Path
) -> None:
    run_id = "loop-20260922-000000-abcd"
    accepted = k.Accepted(s.T0, 1, run_id, "loop", "e" * 64, "local", "0", "/w", run_id, "x", 1)
    journals.write(logs, ("keeper", accepted), s.opened(), run_id=run_id)
    assert engine("report", run_id, "--lineage").status == 0


def test_a_parent_that_is_a_path_is_not_followed(engine: Engine, logs: Path) -> None:
    run_id = "evil-20260922-000000-abcd"
    accepted = k.Accepted(
        s.T0, 1, run_id, "evil", "e" * 64, "local", "0", "/w", "../../etc", "x", 1
    )
    journals.write(logs, ("keeper", accepted), s.opened(), run_id=run_id)
    assert engine("report", run_id, "--lineage").status == 0
