"""Waiting, asking, noting: what they leave on the disk and what they exit with."""

from __future__ import annotations

import json
import os
import signal
import threading
import time
from pathlib import Path

import pytest

from engine import control
from engine.reader import RunReader
from engine.runs import Run
from tests.support import journals
from tests.support import stories as s
from tests.support.cli import Engine
from tests.support.holding import keeping
from tests.support.tales import TALES, told

ENDS = {"DONE": 0, "FAILED 3": 1, "OOM": 1, "LOST": 3, "LIMIT": 5, "DIVERGED": 6, "STOPPED": 130}


def going(logs: Path) -> Run:
    return journals.write(logs, s.accepted(), journals.kept(), s.opened(), s.started())


@pytest.mark.parametrize(("name", "status"), ENDS.items())
def test_wait_exits_with_the_runs_result(
    name: str, status: int, engine: Engine, logs: Path
) -> None:
    journals.write(logs, told(name))
    answer = engine("wait", "@")
    assert answer.status == status
    assert answer.out.split()[0] == journals.ID and len(answer.out.splitlines()) == 1
    said = engine("wait", "@", "--json")
    (table,) = said.valid("status")
    assert said.status == table["exit_status"] == status


def test_wait_tells_each_word_once_and_copies_the_console(engine: Engine, logs: Path) -> None:
    run = going(logs)

    def live() -> None:
        time.sleep(0.7)
        journals.append(run.attempt(1).console, b"hello\nlast words")
        journals.write(logs, s.exited(3), s.closed())

    living = threading.Thread(target=live)
    living.start()
    answer = engine("wait", "@", "--follow")
    living.join()
    assert answer.status == 1
    lines = answer.err.splitlines()
    assert len(lines) == 4 and "hello" in lines and "last words" in lines


def interrupt_soon(*numbers: int) -> threading.Timer:
    """Signals to this process, as a terminal or a CI service sends them."""

    def send() -> None:
        for number in numbers:
            os.kill(os.getpid(), number)
            time.sleep(0.7)

    timer = threading.Timer(0.7, send)
    timer.start()
    return timer


@pytest.mark.parametrize("words", [["wait", "@"], ["wait", "@", "--follow"], ["tail", "@", "-f"]])
def test_ctrl_c_detaches_and_says_that_the_run_goes_on(
    words: list[str], engine: Engine, logs: Path
) -> None:
    run = going(logs)
    timer = interrupt_soon(signal.SIGINT)
    answer = engine(*words)
    timer.join()
    assert (answer.status, answer.out) == (130, "")
    assert "goes on" in answer.err and control.requests(run) == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_an_owned_run_is_asked_to_stop(number: signal.Signals, engine: Engine, logs: Path) -> None:
    run = going(logs)
    before = {n: signal.getsignal(n) for n in (signal.SIGTERM, signal.SIGHUP)}
    timer = interrupt_soon(number, signal.SIGINT)
    try:
        with keeping(run):
            answer = engine("wait", "@", "--owned")
    finally:
        timer.join()
        for n, handler in before.items():
            signal.signal(n, handler)
    assert answer.status == 130 and "goes on" in answer.err
    assert [body["kind"] for body in control.requests(run)] == ["stop"]


@pytest.mark.parametrize("verb", ["stop", "save", "kill"])
def test_asking_leaves_a_request_and_returns(verb: str, engine: Engine, logs: Path) -> None:
    run = going(logs)
    with keeping(run):
        answer = engine(verb, "@", "--reason", "enough", "--json")
    (table,) = answer.valid("request")
    (body,) = control.requests(run)
    assert answer.status == 0
    assert (body["id"], body["kind"], body["reason"]) == (table["request"], verb, "enough")


def test_stop_and_wait_returns_when_it_stands(engine: Engine, logs: Path) -> None:
    run = going(logs)

    def obey() -> None:
        while not control.requests(run):
            time.sleep(0.1)
        journals.write(logs, s.exited(None, signal=15), s.closed())

    living = threading.Thread(target=obey)
    living.start()
    with keeping(run):
        answer = engine("stop", "@", "--wait", "--json")
    living.join()
    assert answer.status == 0
    assert answer.valid("request")[0]["state"] == "failed"


def test_stopping_what_stands_is_success_and_asks_nobody(engine: Engine, logs: Path) -> None:
    run = journals.write(logs, told("DONE"))
    for verb in ("stop", "kill"):
        answer = engine(verb, "@", "--json")
        assert answer.status == 0 and answer.valid("request")[0]["request"] is None
    assert control.requests(run) == [] and not run.keeper_errors.exists()


def test_a_checkpoint_of_what_stands_cannot_be_had(engine: Engine, logs: Path) -> None:
    journals.write(logs, told("DONE"))
    answer = engine("save", "@", "--json")
    assert answer.status == 2 and "has ended" in answer.valid("error")[0]["error"]


def test_a_note_to_a_run_that_ended_is_written_at_once(engine: Engine, logs: Path) -> None:
    run = journals.write(logs, told("DONE"))
    (table,) = engine("note", "@", "good", "night", "--json").valid("note")
    (note,) = RunReader(run).poll().keeper.notes
    assert (note.id, note.text) == (table["request"], "good night")
    assert engine("status", "@", "--json").values()[0]["state"] == "done"


def test_a_note_to_a_living_run_goes_by_its_keeper(engine: Engine, logs: Path) -> None:
    run = going(logs)
    with keeping(run):
        engine("note", "@", "look at step 40")
    (body,) = control.requests(run)
    assert (body["kind"], body["text"]) == ("note", "look at step 40")


@pytest.mark.parametrize("text", ["", "   ", "x" * 4001])
def test_a_note_has_words_and_not_too_many(text: str, engine: Engine, logs: Path) -> None:
    journals.write(logs, told("DONE"))
    assert engine("note", "@", text).status == 2


@pytest.mark.parametrize("name", sorted(TALES))
def test_every_reading_verb_answers_json_for_every_state(
    name: str, engine: Engine, logs: Path, tmp_path: Path
) -> None:
    run = journals.write(logs, s.accepted(), journals.kept(), told(name)[1:])
    journals.job(run, total=100)
    schemas = {
        ("ls",): "ls",
        ("status", "@"): "status",
        ("tail", "@"): "tail-console",
        ("tail", "@", "--metrics"): "tail-metrics",
        ("tail", "@", "--events"): "tail-events",
        ("checkpoints", "@"): "checkpoints",
        ("alerts", "@"): "alerts",
        ("replay", "@", "--speed", "max", "--frames", "5"): "status",
        ("export", "@", "--to", "csv", "--out", str(tmp_path / "out.csv")): "export",
        ("gc", "--dry-run"): "gc",
        ("help",): "help",
    }
    for words, schema in schemas.items():
        answer = engine(*words, "--json")
        assert answer.status == 0, (words, answer.err)
        answer.valid(schema)


def test_replay_tells_where_it_is(engine: Engine, logs: Path) -> None:
    journals.write(logs, told("DONE"))
    values = engine("replay", "@", "--speed", "max", "--frames", "9", "--json").valid("status")
    places = [value["position"] for value in values]
    assert places == sorted(places) and (places[0], places[-1]) == (0.0, 1.0)
    assert values[-1]["word"] == "DONE" and len(values) == 9
    live = engine("status", "@", "--json").values()[0]
    same = {key: value for key, value in values[-1].items() if key not in ("as_of", "position")}
    assert same == {key: value for key, value in live.items() if key in same}


def test_alerts_say_since_when_and_answer_what_if(engine: Engine, logs: Path) -> None:
    journals.write(logs, told("DIVERGED"))
    (nan,) = engine("alerts", "@", "--json").valid("alerts")
    assert (nan["alarm"], nan["red"]) == ("nan", True)
    assert nan["begun"] < nan["ended"]
    assert engine("alerts", "@", "--what-if", "nan=0", "--json").values() == []
    assert (
        engine("alerts", "@", "--what-if", "--json").values()
        == engine("alerts", "@", "--json").values()
    )
    more = engine("alerts", "@", "--what-if", "nan=1", "--json").values()
    assert more[0]["begun"] < nan["begun"]


def test_a_file_of_an_export_appears_whole(engine: Engine, logs: Path, tmp_path: Path) -> None:
    journals.write(logs, told("DONE"))
    path = tmp_path / "run.csv"
    assert engine("export", "@", "--to", "csv", "--out", str(path)).status == 0
    assert path.read_text() == engine("export", "@", "--to", "csv").out
    nowhere = engine("export", "@", "--to", "csv", "--out", str(tmp_path / "no" / "run.csv"))
    assert nowhere.status == 2 and "No such file" in nowhere.err
    assert sorted(file.name for file in tmp_path.glob("run*")) == ["run.csv"]


def test_help_prints_a_section(engine: Engine) -> None:
    topics = engine("help", "--json").valid("help")[0]
    assert "the journal" in topics
    assert engine("help", "journal").out.startswith("## The journal")


def test_gc_asks_for_yes_and_takes_it(engine: Engine, logs: Path) -> None:
    run = journals.write(logs, told("DONE"))
    time.sleep(0.01)
    (table,) = engine("gc", "--older-than", "0", "--yes", "--json").valid("gc")
    assert [item["why"] for item in table["removed"]] == ["old run"]
    assert not run.folder.exists() and json.dumps(table)


def test_whom_to_tell_must_be_known_before_a_launch(
    engine: Engine, logs: Path, tmp_path: Path
) -> None:
    profile = tmp_path / "p.toml"
    text = 'name = "p"\nrecipe = "command"\n[command]\nargv = ["true"]\n[alerts]\nnotify = ["webhook:HOOK"]\n'
    profile.write_text(text)
    answer = engine("launch", str(profile))
    assert answer.status == 2 and "HOOK" in answer.err and not logs.exists()


def test_dollars_are_kept_where_the_host_has_a_price(
    engine: Engine, home: Path, tmp_path: Path
) -> None:
    (tmp_path / "p.toml").write_text(
        'recipe = "command"\n[command]\nargv = ["true"]\n[limits]\ndollars = 3.0\n'
    )
    (home / "hosts.toml").write_text(
        '[box]\nprovider = "ssh"\naddress = "me@10.0.0.7"\nprice_hour = 2.0\n'
    )
    words = ("launch", str(tmp_path / "p.toml"), "--dry-run")
    assert "cannot be kept without a price" in engine(*words).err
    answer = engine(*words, "--host", "box")
    assert answer.status == 0 and "without a price" not in answer.err
    assert answer.err.count("resume") == engine(*words).err.count("resume") != 0
