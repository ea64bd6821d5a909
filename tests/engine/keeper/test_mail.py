"""What no runner could tell, and what one left behind."""

from __future__ import annotations

import dataclasses
import time
from pathlib import Path

import pytest

from engine.alarms import Thresholds
from engine.events import keeper as k
from engine.events import runner as r
from engine.frame import Frame
from engine.keeper.mail import Mail
from engine.notify import Notice, Outbox
from engine.profile import Profile, from_table
from engine.runs import Run
from engine.state import Verdict, judge
from engine.view import View
from tests.engine.notify.server import phone
from tests.support.stories import T0, closed, exited, live, view

LOST = view(live(), ("keeper", k.AttemptLost(T0 + 9, 1, "the machine is gone")), closed())
ENDED = view(live(), exited(0), closed())
NOTICE = Notice("tale", "nan", "tale: nan", ("a",), True, T0)


def profile(*to: str) -> Profile:
    alerts = {"notify": list(to)}
    return from_table(
        {"name": "p", "recipe": "command", "command": {"argv": ["a"]}, "alerts": alerts}
    )


def ended(seen: View) -> Verdict:
    return judge(Frame("tale", seen, T0 + 99), Thresholds())


def told(mail: Mail, seen: View, count: int = 1) -> list[k.Informed]:
    found, until = [], time.monotonic() + 30
    while len(found) < count and time.monotonic() < until:
        found += mail.tick(seen)
        time.sleep(0.02)
    return found


def test_a_lost_attempt_is_told_of_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = Run(tmp_path / "run")
    with phone() as there:
        monkeypatch.setenv("HOOK", there.url)
        mail = Mail(run, profile("webhook:HOOK"))
        mail.tell(LOST, ended(LOST))
        mail.tell(LOST, ended(LOST))
        [fact] = told(mail, LOST)
    assert (fact.alarm, fact.sent, fact.attempt) == ("lost", True, 1)
    assert [got["title"] for got in there.got] == ["run: lost: the machine is gone"]
    after = dataclasses.replace(LOST, keeper=dataclasses.replace(LOST.keeper, notices=(fact,)))
    mail.tell(after, ended(after))
    assert not mail.busy(after), "what is on record is not told again"


def test_what_a_runner_told_the_keeper_does_not(tmp_path: Path) -> None:
    unseen = view(live(), exited(None), closed())
    spoke = ("1/runner", r.Notified(T0, "ended-1.0", "ended", "desktop", True, 1))
    heard = view(live(), exited(None), spoke, closed())
    mail = Mail(Run(tmp_path / "run"), profile("desktop"))
    mail.tell(heard, ended(heard))
    assert not mail.busy(heard)
    mail.tell(ENDED, ended(ENDED))
    assert not mail.busy(ENDED)
    mail.tell(unseen, ended(unseen))
    assert mail.busy(unseen), "the control: without the runner's word it is told"


def test_what_a_runner_left_is_delivered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = Run(tmp_path / "run")
    Outbox(str(run.attempt(1).folder / "outbox")).put("nan-1", ("webhook:HOOK",), NOTICE)
    with phone() as there:
        monkeypatch.setenv("HOOK", there.url)
        mail = Mail(run, profile("webhook:HOOK"))
        assert mail.busy(ENDED) and told(mail, ENDED)[0].alarm == "nan"
    assert not mail.busy(ENDED) and len(there.got) == 1


def test_letters_of_a_living_attempt_are_its_runners(tmp_path: Path) -> None:
    run = Run(tmp_path / "run")
    Outbox(str(run.attempt(1).folder / "outbox")).put("nan-1", ("desktop",), NOTICE)
    assert Mail(run, profile("desktop")).tick(view(live())) == []


def test_nobody_to_tell_is_nothing_to_do(tmp_path: Path) -> None:
    mail = Mail(Run(tmp_path / "run"), profile())
    mail.tell(LOST, ended(LOST))
    assert not mail.busy(LOST) and mail.tick(LOST) == [] and not (tmp_path / "run").exists()


def test_a_letter_on_record_is_thrown_away_and_not_sent(tmp_path: Path) -> None:
    run = Run(tmp_path / "run")
    Outbox(str(run.attempt(1).folder / "outbox")).put("nan-1", ("desktop",), NOTICE)
    sent = ("1/runner", r.Notified(T0, "nan-1.0", "nan", "desktop", True, 1))
    seen = view(live(), exited(0), sent, closed())
    mail = Mail(run, profile("desktop"))
    assert mail.tick(seen) == [] and not mail.busy(seen)
