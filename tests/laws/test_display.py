"""Law 12: text from outside never reaches the terminal with what a terminal obeys, through any verb."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from engine.cli import output
from engine.events import keeper as k
from engine.events import runner as r
from engine.events import trainer as t
from engine.events.base import Row
from tests.support import journals
from tests.support import stories as s
from tests.support.cli import Engine, caller

PAYLOADS = {
    "clear screen": "\x1b[2J\x1b[H",
    "title": "\x1b]0;owned\x07",
    "clipboard": "\x1b]52;c;ZXZpbA==\x07",
    "link": "\x1b]8;;http://evil\x1b\\x\x1b]8;;\x1b\\",
    "8-bit control": "\x9b2J\x9d52;c;ZQ==\x9c",
    "carriage return": "good\rbad",
    "backspace": "good\b\b\b\bbad",
    "bell": "\x07",
    "right to left": "\u202etxt.exe\u202c\u2066x\u2069",
    "invisible": "a\u200b\u200d\u2060\ufeff\U000e0041b",
    "line separators": "a\u2028b\u2029c\x0b\x0cd\x85e",
    "surrogate": "\ud800",
    "tower": "e" + "\u0301" * 500,
    "markup": "[bold red]x[/bold red][@click=app.quit]y[/]",
    "null": "a\x00b",
    "delete": "\x7f",
}
OBEYED = re.compile(
    "[\x00-\x09\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ud800-\udfff]"
    "|[\U000e0000-\U000e007f]|\u0301{5}"
)
VERBS = [
    ["ls"],
    ["status", "@"],
    ["tail", "@"],
    ["tail", "@", "--metrics"],
    ["tail", "@", "--events"],
    ["tail", "@", "-f"],
    ["wait", "@"],
    ["wait", "@", "--follow"],
    ["stop", "@"],
    ["save", "@"],
    ["note", "@", "remark"],
    ["checkpoints", "@"],
    ["checkpoints", "@", "verify"],
    ["alerts", "@"],
    ["replay", "@", "--speed", "max"],
    ["export", "@", "--to", "csv"],
    ["gc", "--dry-run"],
    ["doctor"],
]


@pytest.fixture
def engine(capsys: pytest.CaptureFixture[str]) -> Engine:
    return caller(capsys)


def hostile(logs: Path, evil: str) -> None:
    """A run with the payload in every text that somebody else can choose."""
    run = journals.write(
        logs,
        ("keeper", k.Accepted(s.T0, 1, evil, evil, evil, "local", evil, evil, evil, evil, 1)),
        ("keeper", k.AttemptOpened(s.T0, 1, evil, (evil, evil), evil, evil, evil, 1, evil)),
        ("keeper", k.Requested(s.T0, evil, "stop", evil, evil)),
        ("keeper", k.Noted(s.T0, evil, evil, evil)),
        s.started(),
        ("1/runner", r.GpusFound(s.T0, ({"i": 0, "name": evil, "mem": 1},))),
        ("1/runner", r.RuleFired(s.T0, evil, "stop", evil, 1)),
        ("1/runner", r.Signalled(s.T0, evil, evil)),
        ("1/trainer", t.PhaseEntered(s.T0, evil, 1)),
        ("1/trainer", t.Saved(s.T0 + 1, 1, evil, 1, evil)),
        ("1/trainer", t.Saved(s.T0 + 1, 1, f"/{evil}/{evil}", 1, "m")),
        ("1/trainer", t.Said(s.T0 + 1, evil, evil)),
        ("1/trainer", t.Sampled(s.T0 + 1, 1, evil, evil)),
        ("1/trainer", Row(s.T0 + 2, 1, {evil: 1.0, "loss": 2.0}, phase=evil)),
        ("1/runner", r.DiskFilled(s.T0 + 2, evil)),
        s.exited(0),
        s.closed(),
    )
    journals.append(run.attempt(1).console, evil.encode("utf-8", "surrogatepass") + b"\nend\n")
    journals.append(run.attempt(1).console, b"\xff\xfe" + evil.encode("utf-8", "surrogatepass"))


@pytest.mark.parametrize("evil", PAYLOADS.values(), ids=PAYLOADS)
def test_no_verb_lets_anything_through(evil: str, engine: Engine, home: Path) -> None:
    hostile(home / "logs", evil)
    for words in VERBS:
        for verb in (words, [*words, "--json"]):
            said = engine(*verb)
            found = OBEYED.search(said.out.replace("\n", "")) or OBEYED.search(
                said.err.replace("\n", "")
            )
            assert found is None, (verb, found)
            assert said.status != 70, said.err


@pytest.mark.parametrize("evil", PAYLOADS.values(), ids=PAYLOADS)
def test_what_a_user_types_comes_back_harmless(evil: str, engine: Engine) -> None:
    for words in ([evil], ["status", evil], ["status", "@", f"--{evil}"], ["help", evil]):
        said = engine(*words)
        assert OBEYED.search((said.out + said.err).replace("\n", "")) is None
        assert said.status in (2, 4)


@pytest.mark.parametrize("evil", ["clear screen", "right to left", "carriage return"])
def test_without_the_one_function_it_would_get_through(
    evil: str, engine: Engine, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The negative control: the same test sees a build whose output does not call `display`."""
    hostile(home / "logs", PAYLOADS[evil])
    monkeypatch.setattr(output, "display", lambda text, width=0: text)
    assert OBEYED.search(engine("status", "@").out.replace("\n", ""))


def test_markup_is_text(engine: Engine, home: Path) -> None:
    hostile(home / "logs", PAYLOADS["markup"])
    assert "[bold red]x[/bold red]" in engine("tail", "@").out


def test_a_hostile_line_stays_one_line(engine: Engine, home: Path) -> None:
    hostile(home / "logs", PAYLOADS["line separators"])
    assert len(engine("status", "@").out.splitlines()) == 8


def test_secrets_are_hidden_by_value_and_by_look(
    engine: Engine, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = journals.write(home / "logs", s.live(), s.exited(), s.closed())
    monkeypatch.setenv("MY_SECRET", "correct horse battery")
    run.profile.write_text('{"secrets":{"names":["MY_SECRET","UNSET"]}}')
    token = "hf_" + "a1B2" * 8
    journals.append(run.attempt(1).console, f"using correct horse battery and {token}\n".encode())
    for words in (["tail", "@"], ["tail", "@", "--json"], ["wait", "@", "--follow"]):
        said = engine(*words)
        shown = said.out + said.err
        assert "[redacted]" in shown
        assert "horse" not in shown and token not in shown
    raw = run.attempt(1).console.read_text()
    assert token in raw and "correct horse" in raw
