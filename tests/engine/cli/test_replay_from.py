"""`engine replay --from`: a share, seconds, a step; and what is none of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.cli import Engine
from tests.support.shelf import falling, shelved


@pytest.mark.parametrize(
    ("where", "step"), [("50%", 251), ("+100", 98), ("300", 300), ("0%", None)]
)
def test_it_begins_there(engine: Engine, logs: Path, where: str, step: int | None) -> None:
    run = shelved(logs, 1, falling())
    first, *_ = engine("replay", run.id, "--speed", "max", "--from", where, "--json").valid(
        "status"
    )
    assert first["step"] == step


def test_the_frames_are_spread_over_the_rest(engine: Engine, logs: Path) -> None:
    run = shelved(logs, 1, falling())
    values = engine(
        "replay", run.id, "--speed", "max", "--from", "400", "--frames", "5", "--json"
    ).valid("status")
    assert len(values) == 5 and values[0]["step"] == 400 and values[-1]["state"] == "done"
    assert values[-1]["position"] == 1.0


@pytest.mark.parametrize("where", ["101%", "-5", "x", "1e3", "", "%", "+"])
def test_what_is_no_place_is_a_sentence(engine: Engine, logs: Path, where: str) -> None:
    run = shelved(logs, 1, falling())
    assert engine("replay", run.id, f"--from={where}").status == 2


def test_a_step_that_never_came_is_not_found(engine: Engine, logs: Path) -> None:
    run = shelved(logs, 1, falling())
    assert engine("replay", run.id, "--from", "5000").status == 4
