"""`engine compare`: differences first, gates with an exit status, the truth in JSON."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.compare import parse
from engine.errors import Unusable
from tests.support.cli import Engine
from tests.support.shelf import PROFILE, falling, shelved, with_


@pytest.fixture
def three(logs: Path) -> list[str]:
    other = with_(PROFILE, data={"train": ["b.jsonl"], "valid": None})
    runs = [
        shelved(logs, 1, falling(seed=1)),
        shelved(logs, 2, falling(seed=2, shift=0.5)),
        shelved(logs, 3, falling(seed=3), other),
    ]
    return [run.id for run in runs]


def test_differences_come_before_numbers(engine: Engine, three: list[str]) -> None:
    found = engine("compare", three[0], three[2])
    lines = found.out.splitlines()
    told = next(at for at, line in enumerate(lines) if "data.train" in line)
    numbers = next(at for at, line in enumerate(lines) if "AT THE END" in line)
    assert told < numbers and lines[told].startswith("≠") and "b.jsonl" in lines[told]
    assert "NOT COMPARABLE" in found.out and "another evaluation" in found.out
    assert "recipe" not in found.out and "recipe" in engine("compare", *three, "--same").out


@pytest.mark.parametrize(
    ("gate", "status", "word"),
    [
        ("eval_loss<=base*1.02", 7, "missed"),
        ("eval_loss<=base*2", 0, "passed"),
        ("loss<9", 0, "passed"),
        ("f1>0.3", 7, "unjudged"),
        ("loss <= 1.1 * base", 7, "missed"),
        ("loss <= base + 0.6", 0, "passed"),
    ],
)
def test_a_gate_is_an_exit_status(
    engine: Engine, three: list[str], gate: str, status: int, word: str
) -> None:
    found = engine("compare", three[1], three[0], "--gate", gate, "--json")
    [value] = found.valid("compare")
    assert found.status == status and [one["word"] for one in value["gates"]] == [word]


def test_a_gate_on_the_losses_of_other_data_is_not_passed(engine: Engine, three: list[str]) -> None:
    found = engine("compare", three[2], three[1], "--gate", "loss<=base", "--json")
    [value] = found.valid("compare")
    [gate] = value["gates"]
    assert found.status == 7 and gate["value"] < gate["limit"]
    assert gate["word"] == "unjudged" and "other data" in gate["why"]


def test_the_base_is_the_last_or_the_named(engine: Engine, three: list[str]) -> None:
    [value] = engine("compare", *three, "--json").valid("compare")
    assert value["base"] == three[2] and len(value["verdicts"]) == 2
    [value] = engine("compare", *three, "--base", three[0], "--json").valid("compare")
    words = {one["run"]: one["word"] for one in value["verdicts"]}
    assert words == {three[1]: "worse", three[2]: "not comparable"}


def test_runs_are_held_where_the_shortest_ends(
    engine: Engine, three: list[str], logs: Path
) -> None:
    short = shelved(logs, 4, lambda step: falling(seed=4)(step) if step < 200 else {"other": 1.0})
    [value] = engine("compare", three[0], short.id, "--json").valid("compare")
    loss = {one["run"]: one for one in value["courses"] if one["metric"] == "loss"}
    assert (
        value["until"] == 199
        and loss[three[0]]["common"]["end"] <= 199 < loss[three[0]]["end"]["end"]
    )
    for by in ("time", "money"):
        [value] = engine("compare", three[0], short.id, "--by", by, "--json").valid("compare")
        assert value["by"] == by and value["until"] > 0


@pytest.mark.parametrize(
    "text", ["", "loss", "loss<", "loss<base*", "loss==1", "loss<1e999", "<1", "loss<base/2"]
)
def test_what_is_no_gate_says_what_one_is(text: str) -> None:
    with pytest.raises(Unusable) as told:
        parse(text)
    assert "--gate" in (told.value.fix or "")


def test_what_cannot_be_compared_is_a_sentence(engine: Engine, three: list[str]) -> None:
    assert engine("compare", three[0], three[0]).status == 2
    found = engine("compare", three[0], three[1], "--by", "tokens")
    assert found.status == 2 and "cannot be counted by tokens" in found.err
    assert engine("compare", three[0], three[1], "--base", three[2]).status == 2
    assert engine("compare", three[0], "nobody").status == 4


def test_a_hostile_name_is_shown_harmless(engine: Engine, three: list[str], logs: Path) -> None:
    evil = with_(PROFILE, data={"train": ["\x1b]52;c;x\x07"]})
    run = shelved(logs, 5, falling(), evil)
    assert "\x1b" not in engine("compare", run.id, three[0]).out
