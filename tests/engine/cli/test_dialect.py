"""Asking how a console is read, and changing it: the journal gets one fact and nothing else changes."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.events import Row
from engine.hearing import hear
from engine.runs import Run
from tests.support import journals
from tests.support import stories as s
from tests.support.cli import Engine

CONSOLE = b"{'loss': '2.4', 'epoch': '0.5'}\n{'loss': '2.3', 'epoch': '1'}\niter 7: loss 9.5, time 12.5ms, mfu 3%\n"


def run_of(logs: Path, console: bytes, *more: object) -> Run:
    told = [s.accepted(), s.opened(), s.started(), *more, s.exited(), s.closed()]
    run = journals.write(logs, *told)
    journals.append(run.attempt(1).console, console)
    return run


def test_it_tells_which_dialect_reads_and_what_others_would(engine: Engine, logs: Path) -> None:
    run_of(logs, CONSOLE)
    (told,) = engine("dialect", "@", "--json").valid("dialect")
    assert (told["dialect"], told["by"], told["source"]) == ("hf", "auto", "console")
    counts = {one["name"]: one["losses"] for one in told["candidates"]}
    assert (counts["hf"], counts["nanogpt"], counts["megatron"]) == (2, 1, 0)
    assert "by its lines" in engine("dialect", "@").out


def test_a_choice_is_one_fact_and_reads_the_whole_run_anew(engine: Engine, logs: Path) -> None:
    run = run_of(logs, CONSOLE)
    before = {path: path.read_bytes() for path in run.folder.rglob("*") if path.is_file()}
    assert engine("status", "@", "--json").valid("status")[0]["metrics"]["loss"] == 2.3
    (told,) = engine("dialect", "@", "nanogpt", "--json").valid("dialect")
    assert (told["dialect"], told["by"], told["asked"]) == ("nanogpt", "chosen", "nanogpt")
    (status,) = engine("status", "@", "--json").valid("status")
    assert (status["metrics"]["loss"], status["step"]) == (9.5, 7)
    rows = engine("tail", "@", "--metrics", "--json").valid("tail-metrics")
    assert [row["loss"] for row in rows] == [9.5]
    changed = {path for path, data in before.items() if path.read_bytes() != data}
    assert changed == {run.keeper} and run.keeper.read_bytes().startswith(before[run.keeper])
    engine("dialect", "@", "auto")
    assert engine("status", "@", "--json").valid("status")[0]["metrics"]["loss"] == 2.3


def test_a_name_that_is_none_names_its_nearest(engine: Engine, logs: Path) -> None:
    run_of(logs, CONSOLE)
    answer = engine("dialect", "@", "nanogtp")
    assert answer.status == 2 and "nanogpt" in answer.err


@pytest.mark.parametrize(("shown", "differing"), [(2.4, 0), (2.6, 1)])
def test_trainer_and_console_are_compared(logs: Path, shown: float, differing: int) -> None:
    rows = [
        ("1/trainer", Row(s.T0 + 2, 1, {"loss": 2.40004})),
        ("1/trainer", Row(s.T0 + 3, 2, {"loss": 2.3})),
    ]
    run = run_of(
        logs, b"{'loss': '%.1f', 'epoch': '0.5'}\n{'loss': '2.3', 'epoch': '1'}\n" % shown, *rows
    )
    heard = hear(run)
    assert (heard.source, heard.compared, heard.differing) == ("trainer", 2, differing)
    assert heard.first is None if not differing else heard.first and heard.first.trainer == 2.40004
