"""`engine status` and `ls`: spoken, as JSON, and what a look at a live run does."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from engine.cli.speech import speak
from engine.events import runner as r
from engine.frame import Frame, Sight
from engine.status import Status, Terms, describe
from tests.support import journals
from tests.support import stories as s
from tests.support.cli import Engine
from tests.support.tales import NOW, TALES, told

LIVE = """\
tale  LIVE  step 50/100
alive      LIVE, heartbeat 1s ago, process 11
learning   loss 3.02 going down, -20 in 1,000 steps; best loss 3.02 at step 50
done       in 31s ± 0s, at 14:15
cost       $0.07 so far, $3.60 an hour, $15.00 at most
at risk    50 steps, 1m9s, $0.07; no safe checkpoint
GPU        0 A30: 93 %, 21.0 GB of 25.8 GB, 63 °C, 148 W
needs you  nothing"""
DIVERGING = """\
tale  LIVE  step 55/100
alive      LIVE, heartbeat 1s ago, process 11
learning   loss nan, DIVERGING, -20 in 1,000 steps; best loss 3.02 at step 50
done       in 39s ± 0s, at 14:15
cost       no price is known
at risk    55 steps, 1m9s; no safe checkpoint
GPU        none was read
needs you  nan: loss or gradient is not finite for 5 rows, since step 51. stop and resume from a \
checkpoint before that step with a lower learning rate"""
FAILED = """\
tale  FAILED SIGKILL  step 50/100
alive      no, FAILED SIGKILL: killed by a signal
learning   loss 3.02 going down, -20 in 1,000 steps; best loss 3.02 at step 50
done       ended, killed by SIGKILL
cost       no price is known
at risk    50 steps, 59s; no safe checkpoint
GPU        none was read
needs you  failed: killed by a signal. engine tail RUN shows its last lines; engine resume RUN goes \
on from the newest checkpoint"""
QUEUED = """\
tale  QUEUED  step —
alive      QUEUED, no heartbeat yet
learning   no loss was told yet
done       unknown, nobody told how many steps there are
cost       no price is known
at risk    unknown, no step was told yet
GPU        none was read
needs you  nothing"""


def of(name: str, terms: Terms | None = None) -> Status:
    return describe(Frame("tale", s.view(told(name)), NOW, Sight()), terms or Terms())


def spoken(status: Status) -> str:
    lines = ("".join(p if isinstance(p, str) else p.text for p in line) for line in speak(status))
    return "\n".join(lines)


@pytest.mark.parametrize(
    ("name", "terms", "text"),
    [
        ("LIVE", Terms(price_hour=3.6, cap=15.0), LIVE),
        ("DIVERGING", Terms(), DIVERGING),
        ("FAILED SIGKILL", Terms(), FAILED),
        ("QUEUED", Terms(), QUEUED),
    ],
    ids=["LIVE", "DIVERGING", "FAILED", "QUEUED"],
)
def test_the_seven_answers_can_be_read_aloud(name: str, terms: Terms, text: str) -> None:
    assert spoken(of(name, terms)) == text


@pytest.mark.parametrize("name", TALES)
def test_there_are_always_a_headline_and_seven_lines(name: str) -> None:
    lines = spoken(of(name)).splitlines()
    labels = [line.split("  ")[0] for line in lines[1:]]
    seven = ["alive", "learning", "done", "cost", "at risk", "GPU", "needs you"]
    assert [label for label in labels if label] == seven


def test_a_reading_that_is_not_of_now_stands_in_brackets() -> None:
    frame = Frame("tale", s.view(told("LIVE")), NOW + 600, Sight())
    assert "A30: (93 %, " in spoken(describe(frame, Terms()))


def test_status_is_one_valid_object(engine: Engine, logs: Path) -> None:
    journals.write(logs, told("DONE"))
    (table,) = engine("status", "@", "--json").valid("status")
    assert (table["run"], table["state"], table["position"]) == (journals.ID, "done", None)


def test_a_live_run_with_a_keeper_is_looked_at_and_left_alone(engine: Engine, logs: Path) -> None:
    now = time.time()
    run = journals.write(
        logs,
        [s.accepted(), journals.kept(), s.opened(t=now - 9), *s.started(t=now - 8)],
        ("1/runner", r.Beat(now, 8.0, True)),
    )
    before = sorted(path.name for path in run.folder.rglob("*"))
    (table,) = engine("status", "@", "--json").valid("status")
    assert (table["word"], table["state"]) == ("LIVE", "running")
    assert sorted(path.name for path in run.folder.rglob("*")) == before


def test_a_recording_starts_no_keeper(engine: Engine, tmp_path: Path) -> None:
    run = journals.write(tmp_path / "elsewhere", told("LIVE"))
    answer = engine("status", str(run.folder))
    assert answer.status == 0 and "OFFLINE" in answer.out
    assert not run.keeper_errors.exists()


def test_ls_says_how_to_begin_when_there_is_nothing(engine: Engine) -> None:
    answer = engine("ls")
    assert (answer.status, answer.out) == (0, "") and "engine launch" in answer.err
    assert engine("ls", "--json").out == ""


def test_ls_is_a_line_a_run_newest_first(engine: Engine, logs: Path) -> None:
    for day, name in ((1, "DONE"), (2, "FAILED 3"), (3, "STOPPED")):
        journals.write(logs, told(name), run_id=f"tale-2026090{day}-000000-abcd")
    assert engine("ls").out.splitlines() == [
        "STATE     RUN                        STEP     LOSS    ETA  SPENT  AT RISK  NEEDS YOU",
        "STOPPED   tale-20260903-000000-abcd  50/100   3.02 ↓  —    —      59s",
        "FAILED 3  tale-20260902-000000-abcd  50/100   3.02 ↓  —    —      59s      1",
        "DONE      tale-20260901-000000-abcd  100/100  3.02 ↓  —    —      0s",
    ]
    rows = engine("ls", "--json").valid("ls")
    assert [row["word"] for row in rows] == ["STOPPED", "FAILED 3", "DONE"]
    assert len(engine("ls", "-n", "2", "--json").values()) == 2


@pytest.mark.parametrize("name", sorted(set(TALES) - {"STALLED"}))
def test_ls_can_tell_every_state(name: str, engine: Engine, logs: Path) -> None:
    journals.write(logs, s.accepted(), journals.kept(), told(name)[1:])
    engine("ls", "--json").valid("ls")
    assert journals.ID in engine("ls").out
