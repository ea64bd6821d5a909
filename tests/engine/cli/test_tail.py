"""`engine tail`: the end of a console, every step as an object, facts in order, and following."""

from __future__ import annotations

import json
import tempfile
import threading
import time
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.cli.console import CAP, AttemptConsole, Cutter, last_lines
from engine.cli.facts import Facts
from engine.events import runner as r
from engine.runs import Run
from tests.support import journals
from tests.support import stories as s
from tests.support.cli import Engine
from tests.support.tales import told

LINES = st.lists(st.binary(max_size=30).map(lambda b: b.replace(b"\n", b"").replace(b"\r", b"")))


def console(logs: Path, data: bytes) -> Run:
    run = journals.write(logs, s.live(), s.exited(), s.closed())
    journals.append(run.attempt(1).console, data)
    return run


def cut(pieces: list[bytes], offset: int = 0) -> list[tuple[bytes, int]]:
    cutter = Cutter(offset)
    found = [line for piece in pieces for line in cutter.feed(piece)]
    return [*found, *cutter.rest()]


@given(LINES, st.lists(st.integers(0, 500), max_size=8))
def test_any_cut_gives_the_same_lines(lines: list[bytes], places: list[int]) -> None:
    data = b"".join(line + b"\n" for line in lines)
    edges = [0, *sorted(min(place, len(data)) for place in places), len(data)]
    pieces = [data[a:b] for a, b in pairwise(edges)]
    assert [line for line, _ in cut(pieces)] == lines
    assert cut(pieces) == cut([data])


@given(LINES, st.integers(1, 20))
def test_the_last_lines_begin_where_they_begin(lines: list[bytes], count: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        for end in (b"\n", b""):
            data = b"\n".join([*lines, b"x"]) + end
            run = Run(Path(folder) / journals.ID)
            run.attempt(1).console.parent.mkdir(parents=True, exist_ok=True)
            run.attempt(1).console.write_bytes(data)
            rest = data[last_lines(run.attempt(1), count) :]
            assert rest.split(b"\n")[: None if not end else -1] == [*lines, b"x"][-count:]


def test_a_progress_bar_is_what_it_shows_last() -> None:
    assert cut([b"  0%|\r 50%|\r100%|\nnext\r\n"]) == [(b"100%|", 18), (b"next", 24)]


def test_a_monstrous_line_is_cut_and_costs_no_memory() -> None:
    cutter = Cutter()
    assert list(cutter.feed(b"x" * CAP)) == []
    for _ in range(200):
        assert list(cutter.feed(b"y" * (1 << 20))) == []
    assert len(cutter._carry) <= 2 * CAP
    ((line, end),) = cutter.feed(b"\n")
    assert line == b"x" * CAP and end == CAP + 200 * (1 << 20) + 1


def test_bytes_that_are_no_text_are_shown_as_such(logs: Path) -> None:
    run = console(logs, b"caf\xc3\xa9 \xff\n\x00\n")
    assert [line.text for line in AttemptConsole(run.attempt(1)).read()] == ["café \\xff", "\x00"]


def test_the_end_of_the_console_is_shown_and_no_more(engine: Engine, logs: Path) -> None:
    console(logs, b"".join(b"line %d\n" % i for i in range(100)) + b"no end")
    assert engine("tail", "@", "-n", "3").out.splitlines() == ["line 98", "line 99", "no end"]
    assert len(engine("tail", "@").out.splitlines()) == 20
    assert engine("tail", "@", "-n", "0").out == ""
    values = engine("tail", "@", "--json").valid("tail-console")
    assert len(values) == 101 and values[0]["text"] == "line 0"


def test_reading_goes_on_at_an_offset(engine: Engine, logs: Path) -> None:
    console(logs, b"one\ntwo\nthree\n")
    first = engine("tail", "@", "--json").values()[0]
    rest = engine("tail", "@", "--json", "--from", str(first["offset"])).values()
    assert [line["text"] for line in rest] == ["two", "three"]


def test_a_console_line_has_the_time_of_the_index(engine: Engine, logs: Path) -> None:
    run = journals.write(
        logs, s.live(), ("1/runner", r.Grew(s.T0 + 5, 4, 0)), s.exited(), s.closed()
    )
    journals.append(run.attempt(1).console, b"one\ntwo\n")
    times = [line["t"] for line in engine("tail", "@", "--json").values()]
    assert times == [s.T0 + 5, None]


def test_metrics_are_one_object_a_step(engine: Engine, logs: Path) -> None:
    journals.write(logs, told("DONE"))
    rows = engine("tail", "@", "--metrics", "--json").valid("tail-metrics")
    assert [row["step"] for row in rows] == list(range(1, 101))
    assert rows[0]["loss"] == 4 and rows[0]["t"] == s.T0 + 1.5
    assert len(engine("tail", "@", "--metrics", "-n", "2").out.splitlines()) == 2


def test_metrics_of_a_foreign_console_have_our_names(engine: Engine, logs: Path) -> None:
    console(logs, b"iter 1: train_loss 3.5, lr 0.1\niter 2: train_loss nan, lr 0.1\n")
    first, second = engine("tail", "@", "--metrics", "--json").valid("tail-metrics")
    assert (first["loss"], first["learning_rate"], second["loss"]) == (3.5, 0.1, "nan")


def test_a_metric_cannot_take_the_place_of_a_field(engine: Engine, logs: Path) -> None:
    run = journals.write(logs, s.live(), s.exited(), s.closed())
    journals.append(run.attempt(1).trainer, b'{"t":5,"step":1,"attempt":77,"loss":1}\n')
    (row,) = engine("tail", "@", "--metrics", "--json").valid("tail-metrics")
    assert (row["attempt"], row["step"], row["t"]) == (1, 1, 5.0)


def test_facts_come_in_the_order_of_their_time(engine: Engine, logs: Path) -> None:
    run = journals.write(logs, told("RESUMED"))
    facts = Facts(run).read()
    assert [fact[:4] for fact in facts] == sorted(fact[:4] for fact in facts)
    values = engine("tail", "@", "--events", "--json").valid("tail-events")
    assert values[0]["event"]["e"] == "accepted"
    said = engine("tail", "@", "--events").out
    assert "attempt_opened" in said and " beat " not in said


def test_one_attempt_can_be_chosen(engine: Engine, logs: Path) -> None:
    journals.write(logs, told("RESUMED"))
    rows = engine("tail", "@", "--metrics", "--json", "--attempt", "2").values()
    assert [row["step"] for row in rows] == [41, 42]


@pytest.mark.parametrize("what", ["--console", "--metrics", "--events"])
def test_following_a_run_ends_with_it_and_misses_nothing(
    what: str, engine: Engine, logs: Path
) -> None:
    """A second thread lives the run while the verb follows it."""
    run = journals.write(logs, s.accepted(), journals.kept(), s.opened(), s.started())

    def live() -> None:
        for step in range(1, 6):
            journals.append(run.attempt(1).console, b"line %d\n" % step)
            journals.write(logs, s.rows([1.0], first=step))
            time.sleep(0.2)
        journals.append(run.attempt(1).console, b"last words")
        journals.write(logs, s.exited(), s.closed())

    living = threading.Thread(target=live)
    living.start()
    try:
        answer = engine("tail", "@", what, "-f", "--json")
    finally:
        living.join()
    values = answer.values()
    assert answer.status == 0
    if what == "--console":
        assert [v["text"] for v in values] == [*(f"line {i}" for i in range(1, 6)), "last words"]
    elif what == "--metrics":
        assert [v["step"] for v in values] == [1, 2, 3, 4, 5]
    else:
        assert values[-1]["event"]["e"] == "closed"


def test_a_newer_programs_facts_are_left_out(engine: Engine, logs: Path) -> None:
    run = journals.write(logs, told("DONE"))
    journals.append(run.keeper, json.dumps({"e": "teleported", "t": 1.0}).encode() + b"\n")
    events = [v["event"]["e"] for v in engine("tail", "@", "--events", "--json").values()]
    assert "teleported" not in events and "closed" in events
