"""Naming numbers of a line: the pattern reads every line like it, is used for the run, and kept in a profile."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.dialects.teaching import Refused, numbers, pattern, preview
from engine.profile import load
from tests.support import journals
from tests.support import stories as s
from tests.support.cli import Engine

LINES = [f"12:30:0{n} [zz] ep {n} of 9 err ({n}.25) at 1e-{n}" for n in range(1, 6)]

MINE = """name = "mine"
recipe = "command"
[log]  # mine
line = "x (?P<loss>.)"
x = "step"
[command]
argv = ["a"]
"""


def written(logs: Path) -> None:
    run = journals.write(logs, s.accepted(), s.opened(), s.started(), s.exited(), s.closed())
    journals.append(run.attempt(1).console, ("\n".join(["hello", *LINES]) + "\n").encode())


def test_a_line_shows_its_numbers_and_what_they_could_be() -> None:
    told = numbers("step 7: train loss -1.5e-3, nan v2 0.5.1 lr=.1")
    assert [(one.text, one.suggested) for one in told][:3] == [
        ("7", "step"),
        ("-1.5e-3", "loss"),
        ("nan", None),
    ]
    assert told[-1].text == ".1" and told[-1].suggested == "learning_rate"


def test_a_pattern_reads_the_lines_like_it_and_no_other() -> None:
    made = pattern(LINES[2], {4: "step", 6: "loss", 7: "learning_rate"})
    shown = preview(made, [line.encode() for line in [*LINES, "ep 3 of 9 err 3.25 at 1"]])
    assert (shown.lines, shown.rows) == (6, 5)
    assert shown.examples[1][1] == {"step": 2.0, "loss": 2.25, "learning_rate": 0.01}


@pytest.mark.parametrize("names", [{}, {9: "a"}, {1: "a b"}, {1: "a", 2: "a"}])
def test_what_cannot_be_taught_says_why(names: dict[int, str]) -> None:
    with pytest.raises(Refused):
        pattern(LINES[0], names)


def test_it_is_tried_used_and_kept(engine: Engine, logs: Path, tmp_path: Path) -> None:
    written(logs)
    (told,) = engine("teach", "@", "err", "--json").valid("teach")
    assert [one["text"] for one in told["numbers"]] == ["12", "30", "05", "5", "9", "5.25", "1e-5"]
    assert engine("status", "@", "--json").valid("status")[0]["metrics"] == {}
    profile = tmp_path / "mine.toml"
    profile.write_text(MINE)
    words = ("teach", "@", "err", "step=4", "loss=6", "--use", "--save", str(profile), "--json")
    (told,) = engine(*words).valid("teach")
    assert (told["rows"], told["used"], told["saved"]) == (5, True, str(profile))
    (status,) = engine("status", "@", "--json").valid("status")
    assert (status["step"], status["metrics"]) == (5, {"loss": 5.25})
    kept = load(profile).log
    assert kept.line == ("x (?P<loss>.)", told["pattern"]) and kept.x == "step"
    assert "# mine" in profile.read_text()
    assert engine("dialect", "@", "--json").valid("dialect")[0]["dialect"] == "taught"


def test_a_profile_without_a_table_for_it_gets_one(
    engine: Engine, logs: Path, tmp_path: Path
) -> None:
    written(logs)
    profile = tmp_path / "p.toml"
    profile.write_text('name = "p"\nrecipe = "command"\n[command]\nargv = ["a"]')
    assert engine("teach", "@", "err", "loss=6", "--save", str(profile)).status == 0
    assert len(load(profile).log.line) == 1
    for words in (
        ["nothing like it"],
        ["err", "loss=x"],
        ["err", "loss=77"],
        ["err", "loss=6", "--save", "no.toml"],
    ):
        answer = engine("teach", "@", *words)
        assert answer.status == 2 and "next:" in answer.err
