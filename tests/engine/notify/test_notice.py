"""What a person reads: what happened, then the seven answers."""

from __future__ import annotations

import math

import pytest

from engine.alarms import Agreed, Alarm, Case, Thresholds
from engine.events import Row
from engine.events import runner as r
from engine.events import trainer as t
from engine.notify.notice import compose, end_of
from tests.engine.alarms.cases import GPU, facts, pulses, told
from tests.support.stories import T0, Told, exited, rows

ALARM = Alarm("nan", "loss is not finite since step 40", "stop it", red=True, step=40)
LEARNED = [4 - 0.05 * n for n in range(40)]
ALL: list[Told] = [
    ("1/trainer", t.Planned(T0, 100)),
    *rows(LEARNED, gap_s=2.0),
    ("1/trainer", t.Saved(T0 + 60, 25, "/out/step-25", 1)),
    GPU,
    *pulses(9, util=93, mem=20480, temp=63),
    ("1/runner", r.Beat(T0 + 79, 78.0, True)),
]


def text(*parts: object, alarm: Alarm = ALARM, agreed: Agreed | None = None) -> str:
    case = Case(facts(*parts), Thresholds(), T0 + 81, agreed or Agreed())  # type: ignore[arg-type]
    return compose(case, alarm, "demo-1", None).text


def test_the_text_is_the_seven_answers() -> None:
    assert text(ALL, agreed=Agreed(price_hour=3.6)).splitlines() == [
        "demo-1: nan: loss is not finite since step 40",
        "alive: last heard of 2 s ago",
        "learning: loss 2.05, falling from 3.775",
        "done: step 40 of 100, in about 2 min",
        "cost: $0.08 so far, $3.60 an hour",
        "at risk: 21 s since the checkpoint of step 25",
        "GPU: 93 %, 20.0 of 24 GB, 63 °C",
        "needs you: loss is not finite since step 40. stop it",
    ]


def test_what_nobody_knows_is_said_to_be_unknown() -> None:
    lines = text().splitlines()
    assert "learning: no loss was told" in lines and "cost: no price is known" in lines
    assert "GPU: none was read" in lines and not any(" 0" in line for line in lines[2:6])


def test_wild_words_are_made_harmless() -> None:
    wild = Alarm("nan", "a\x1b]0;owned\x07b\nc" + "x" * 500, "\x9b31m")
    shown = text(alarm=wild)
    assert "\x1b" not in shown and "\x9b" not in shown and len(shown.splitlines()) == 8
    assert max(map(len, shown.splitlines())) <= 200


def test_numbers_that_are_none_do_not_break_it() -> None:
    odd = [Row(T0 + n, n, {"loss": math.nan if n % 2 else math.inf}) for n in range(20)]
    assert "loss nan" in text([("1/trainer", row) for row in odd])


@pytest.mark.parametrize(
    ("parts", "red", "words"),
    [
        ([exited(0)], False, "done"),
        (
            [("1/trainer", t.Planned(T0, 9)), *rows([1.0] * 9), exited(0)],
            False,
            "done at step 9 of 9",
        ),
        (
            [("1/trainer", t.Planned(T0, 9)), *rows([1.0] * 4), exited(0)],
            True,
            "exit status 0 at step 4 of 9",
        ),
        ([exited(3)], True, "exit status 3"),
        ([exited(None, signal=15)], True, "signal 15"),
        ([exited(None, signal=9, oom=True)], True, "memory"),
        ([exited(None)], True, "unseen"),
        ([*told({"loss": 1.0})], True, "unseen"),
    ],
)
def test_the_end_is_told_as_it_is(parts: list[Told], red: bool, words: str) -> None:
    alarm = end_of(Case(facts(parts), Thresholds(), T0 + 90), None)
    assert alarm.red is red and words in alarm.detail
