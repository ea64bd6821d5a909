"""Every place a letter can go to, by real programs and a real server."""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from engine.notify import Courier, Letter, Notice, Outbox, Outcome, deliver
from engine.notify.courier import Delivery
from tests.engine.notify.server import free_port, phone

NOTICE = Notice(
    "demo-1", "nan", "demo-1: nan: ü not finite", ("alive: yes", "needs you: stop"), True, 5.0, 40
)


def letter(to: str, **changes: Any) -> Letter:
    body: dict[str, Any] = {**vars(NOTICE), "lines": list(NOTICE.lines), **changes}
    return Letter("nan-1.0", to, body)


def test_a_webhook_gets_text_for_people_and_fields_for_programs() -> None:
    with phone() as there:
        assert deliver(letter("webhook:HOOK"), {"HOOK": f"{there.url}/x"}) == Outcome(True)
    [got] = there.got
    assert got["text"] == got["content"] == NOTICE.text
    assert (got["run"], got["alarm"], got["step"], got["red"]) == ("demo-1", "nan", 40, True)


def test_ntfy_gets_topic_title_and_priority(monkeypatch: pytest.MonkeyPatch) -> None:
    with phone() as there:
        monkeypatch.setenv("COCKPIT_NTFY_URL", there.url)
        assert deliver(letter("ntfy:mine"), {}).sent
        assert deliver(letter("ntfy:mine", red=False), {}).sent
    assert [got["priority"] for got in there.got] == [5, 3]
    assert there.got[0]["topic"] == "mine" and there.got[0]["title"] == NOTICE.title
    assert there.got[0]["message"] == "alive: yes\nneeds you: stop"


@pytest.mark.parametrize(
    ("status", "again"), [(500, True), (503, True), (429, True), (404, False), (403, False)]
)
def test_an_answer_says_whether_to_try_again(status: int, again: bool) -> None:
    with phone() as there:
        there.answers = [status]
        outcome = deliver(letter("webhook:HOOK"), {"HOOK": there.url})
    assert outcome == Outcome(False, f"answered {status}", again)


def test_nobody_there_is_worth_another_try_and_shows_no_address() -> None:
    outcome = deliver(letter("webhook:HOOK"), {"HOOK": f"http://127.0.0.1:{free_port()}/secret"})
    assert (outcome.sent, outcome.again) == (False, True)
    assert "secret" not in (outcome.reason or "") and "127.0.0.1" not in (outcome.reason or "")


@pytest.mark.parametrize(
    ("to", "keys", "why"),
    [
        ("webhook:HOOK", {}, "no value for the secret HOOK"),
        ("webhook:HOOK", {"HOOK": "file:///etc/passwd"}, "not one of http"),
        ("webhook:HOOK", {"HOOK": "http://[oops"}, "no URL"),
        ("pigeon:x", {}, "no channel"),
        ("command", {}, "no command"),
    ],
)
def test_what_can_never_work_is_refused(to: str, keys: dict[str, str], why: str) -> None:
    outcome = deliver(letter(to), keys)
    assert not outcome.sent and not outcome.again and why in (outcome.reason or "")


def test_a_command_reads_the_text(tmp_path: Path) -> None:
    out = tmp_path / "out"
    code = f"import sys; open({str(out)!r}, 'w').write(sys.stdin.read())"
    assert deliver(letter("command"), {}, [sys.executable, "-S", "-c", code]).sent
    assert out.read_text() == NOTICE.text
    failed = deliver(letter("command"), {}, [sys.executable, "-S", "-c", "raise SystemExit(3)"])
    assert failed == Outcome(False, "ended with 3", True)
    assert "cannot be run" in (deliver(letter("command"), {}, ["/no/such"]).reason or "")


def test_the_desktop_is_told_by_its_own_program(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tool = tmp_path / "notify-send"
    tool.write_text(f'#!/bin/sh\nprintf "%s\\n" "$@" > {tmp_path}/said\n')
    tool.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    assert deliver(letter("desktop", title="-x; rm -rf /"), {}).sent
    assert (tmp_path / "said").read_text().splitlines()[1:3] == ["--", "-x; rm -rf /"]
    monkeypatch.setenv("PATH", str(tmp_path / "empty"))
    assert not deliver(letter("desktop"), {}).again


def settled(courier: Courier, count: int) -> list[Delivery]:
    until, found = time.monotonic() + 30, []
    while len(found) < count:
        assert time.monotonic() < until, "letters are not settled"
        found += courier.done()
        time.sleep(0.02)
    return found


def test_a_letter_waits_for_the_network_and_comes_once(tmp_path: Path) -> None:
    port, outbox = free_port(), Outbox(str(tmp_path / "box"))
    courier = Courier(outbox, {"HOOK": f"http://127.0.0.1:{port}"}, first_s=0.05)
    outbox.put("nan-1", ("webhook:HOOK", "webhook:GONE"), NOTICE)
    courier.wake()
    [refused] = settled(courier, 1)
    assert (refused.letter.to, refused.outcome.again) == ("webhook:GONE", False)
    time.sleep(0.3)
    assert [one.to for one in outbox.waiting()] == ["webhook:HOOK", "webhook:GONE"]
    with phone(port) as there:
        [sent] = settled(courier, 1)
        time.sleep(0.3)
    courier.close()
    assert sent.outcome.sent and sent.tries > 1 and len(there.got) == 1
    courier.settle(sent), courier.settle(refused)
    assert outbox.waiting() == []


def test_another_courier_finds_what_was_left(tmp_path: Path) -> None:
    outbox = Outbox(str(tmp_path / "box"))
    outbox.put("nan-1", ("webhook:HOOK",), NOTICE)
    with phone() as there:
        courier = Courier(Outbox(str(tmp_path / "box")), {"HOOK": there.url})
        courier.wake()
        settled(courier, 1)
        courier.close()
    assert there.got[0]["alarm"] == "nan"


def test_files_that_are_no_letters_are_left_alone(tmp_path: Path) -> None:
    outbox = Outbox(str(tmp_path))
    for name, body in (
        ("a", "{"),
        ("b", '{"id": "../x", "to": "desktop", "notice": {}}'),
        ("c", "[]"),
    ):
        (tmp_path / f"{name}.json").write_text(body)
    assert outbox.waiting() == []
    outbox.put("x-1", ("desktop",), NOTICE)
    [kept] = outbox.waiting()
    assert kept.notice == json.loads(json.dumps(vars(NOTICE)))
    assert oct((tmp_path / "x-1.0.json").stat().st_mode & 0o777) == "0o600"
