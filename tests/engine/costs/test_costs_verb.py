"""`engine costs`: measured at the run's price, foreseen by its first tenth, unknown where no price is."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.events import Row
from tests.support import journals
from tests.support import stories as s
from tests.support.cli import Engine
from tests.support.shelf import falling, shelved


def test_foreseen_stands_beside_measured(engine: Engine, logs: Path) -> None:
    """Its first tenth took a second a step, the rest two: it cost more than anybody would have said by then."""
    told, at = [], s.T0 + 1
    for step in range(1, 201):
        at += 1 if step <= 20 else 2
        told.append(("1/trainer", Row(at, step, {"loss": 1.0}, phase="A" if step <= 100 else "B")))
    end = ("1/runner", s.exited(t=at)[1].__class__(at, 0, None, False, 380.0, 200, ()))
    run = journals.write(logs, s.live(), told, end, s.closed(t=at))
    journals.job(run, limits={"price_hour": 3.6, "dollars": 1.0}, total=200)
    [value] = engine("costs", "--json").valid("costs")
    assert value["spent"] == pytest.approx(0.38) and value["foreseen"] == pytest.approx(
        0.2, abs=0.01
    )
    assert value["whole"] == value["spent"] and value["cap"] == 1.0 and value["seconds"] == 380.0
    phases = engine("costs", "--by", "phase", "--json").valid("costs")
    assert [(one["phase"], round(one["spent"], 3)) for one in phases] == [("A", 0.18), ("B", 0.2)]
    words = engine("costs").out
    assert "FORESEEN" in words and "$0.20" in words and "$0.38" in words


def test_what_has_no_price_is_unknown_and_said(engine: Engine, logs: Path) -> None:
    run = journals.write(logs, s.live(), s.rows([1.0, 2.0]), s.exited(), s.closed())
    shelved(logs, 1, falling())
    values = {one["run"]: one for one in engine("costs", "--json").valid("costs")}
    assert values[run.id]["spent"] is None and values[run.id]["foreseen"] is None
    assert "1 without a known price" in engine("costs").err
    [day] = engine("costs", "--by", "day", "--json").valid("costs")
    assert (day["name"], day["runs"], day["unpriced"]) == ("2026-09-21", 2, 1)
    [machine] = engine("costs", "--by", "machine", "--json").valid("costs")
    assert machine["name"] == "local" and machine["spent"] > 0


def test_without_runs_it_says_so(engine: Engine) -> None:
    found = engine("costs")
    assert (
        found.status == 0 and "no runs in" in found.err and engine("costs", "--json").values() == []
    )
