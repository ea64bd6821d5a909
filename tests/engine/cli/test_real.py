"""The verbs over real processes: a keeper, a runner and a trainer of their own."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import pytest

from engine import launching, shipped
from engine.reader import RunReader
from engine.runs import Run
from tests.support.cli import Engine

COUNT = """
import time
for step in range(1, {steps} + 1):
    print(f"step {{step}}/{steps} loss {{3 / step:.3f}}", flush=True)
    time.sleep({gap})
raise SystemExit({code})
"""


def script(steps: int = 5, gap: float = 0.02, code: int = 0) -> list[str]:
    return ["--", sys.executable, "-c", COUNT.format(steps=steps, gap=gap, code=code)]


def seen(run: Run, step: int) -> None:
    """Until it has trained so far."""
    reader, until = RunReader(run), time.monotonic() + 60
    while (reader.poll().step or 0) < step:
        assert time.monotonic() < until, "the trainer makes no steps"
        time.sleep(0.1)


def test_a_command_is_watched_to_its_end(engine: Engine, logs: Path) -> None:
    answer = engine("watch", "--wait", "--follow", *script())
    assert answer.status == 0, answer.err
    run_id, last = answer.out.splitlines()
    assert last == f"{run_id}  DONE"
    assert "step 5/5 loss 0.600" in answer.err
    (table,) = engine("status", run_id, "--json").valid("status")
    assert (table["step"], table["total"], table["metrics"]) == (5, 5, {"loss": 0.6})
    rows = engine("tail", run_id, "--metrics", "--json").valid("tail-metrics")
    assert [row["step"] for row in rows] == [1, 2, 3, 4, 5]
    assert all(row["t"] for row in rows)
    played = engine("replay", run_id, "--speed", "max", "--json").valid("status")
    assert (played[0]["step"], played[-1]["step"], played[-1]["word"]) == (None, 5, "DONE")


def test_a_command_that_fails_exits_with_1_and_shows_why(engine: Engine) -> None:
    answer = engine("watch", "--wait", "--json", *script(code=3))
    assert answer.status == 1
    table = answer.values()[-1]
    assert (table["word"], table["exit"]["code"]) == ("FAILED 3", 3)


@pytest.mark.parametrize("verb", ["stop", "kill"])
def test_a_living_run_is_noted_and_stopped(verb: str, engine: Engine, logs: Path) -> None:
    run_id = engine("watch", *script(steps=2000, gap=0.05)).out.strip()
    run = Run(logs / run_id)
    seen(run, 3)
    (table,) = engine("status", "@", "--json").valid("status")
    assert table["state"] == "running" and table["alive"]["pid"]
    engine("note", "@", "that is enough")
    assert engine(verb, "@", "--wait", "--json").valid("request")[0]["state"] == "stopped"
    assert engine("wait", "@").status == 130
    assert engine("ls", "--json").valid("ls")[0]["word"] == "STOPPED"
    assert [note.text for note in RunReader(run).poll().keeper.notes] == ["that is enough"]


def test_a_recipe_without_torch_is_refused_in_a_sentence_before_anything_exists(
    engine: Engine, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(launching, "has_torch", lambda: False)
    said = engine("launch", str(shipped.demo() / shipped.DEMO))
    assert said.status == 2 and "trains with torch, which is not installed" in said.err
    assert "pip install 'training-cockpit[train]'" in said.err
    assert not list((home / "logs").glob("*"))
