"""A bundle shows what the run's folder shows, without the secrets, and its notes come home."""

from __future__ import annotations

import base64
import json
import os
import zipfile
from pathlib import Path

import pytest

from cockpit.watching.source import Tape
from engine import vault
from engine.bundle.opening import opened
from engine.bundle.packing import pack
from engine.bundle.scrubbing import Scrubber
from engine.bundle.shifts import Shifts
from engine.bundle.windows import HEAD, LONG, TAIL
from engine.events import Row
from engine.events import keeper as k
from engine.events import runner as r
from engine.observe import Observer
from engine.replay import Replay
from engine.runs import Run
from tests.support import journals
from tests.support import stories as s
from tests.support.cli import Engine
from tests.support.shelf import PROFILE, falling, shelved, with_
from tests.support.tales import TALES, told

SECRET = 'pa"ss/wörd-of-mine'


def packed(run: Run, tmp_path: Path, whole: bool = False) -> Run:
    path = tmp_path / "run.cockpit"
    pack(run, path, whole)
    return opened(path).run


@pytest.mark.parametrize("name", sorted(TALES))
def test_it_replays_as_the_folder_does(name: str, tmp_path: Path) -> None:
    run = journals.write(tmp_path / "logs", told(name))
    inside = packed(run, tmp_path)
    one, other = Replay(run), Replay(inside)
    assert one.moments == other.moments
    for t in (*one.moments[:: max(len(one.moments) // 5, 1)], one.end):
        assert one.frame(t).view == other.frame(t).view
        assert one.status(one.frame(t)) == other.status(other.frame(t))


def test_every_verb_that_looks_reads_it(engine: Engine, logs: Path, tmp_path: Path) -> None:
    run = shelved(logs, 1, falling())
    path = str(tmp_path / "x.cockpit")
    [made] = engine("export", run.id, "--to", "bundle", "--out", path, "--json").valid("export")
    assert made["bytes"] == os.path.getsize(path)
    for words, schema in (
        ("status", "status"),
        ("report", "report"),
        ("alerts", "alerts"),
        ("replay --speed max --frames 5", "status"),
    ):
        verb, *rest = words.split()
        theirs = engine(verb, path, *rest, "--json").valid(schema)
        mine = engine(verb, run.id, *rest, "--json").valid(schema)
        if verb == "status":
            [one], [two] = theirs, mine
            theirs, mine = [one | {"as_of": 0}], [two | {"as_of": 0}]
        assert theirs == mine
    [value] = engine("compare", path, run.id, "--json").valid("compare")
    assert value["verdicts"][0]["word"] == "same within the noise"
    assert engine("export", path, "--to", "csv").out == engine("export", run.id, "--to", "csv").out
    assert sorted(p.name for p in tmp_path.iterdir()) == [
        "home",
        "x.cockpit",
    ]  # nothing was unpacked


def test_the_screen_plays_it(logs: Path, tmp_path: Path) -> None:
    run = shelved(logs, 1, falling())
    journals.append(run.attempt(1).console, b"one line\nanother\n")
    inside = packed(run, tmp_path)
    moments = [Tape(one) for one in (run, inside)]
    for tape in moments:
        tape.look()
        assert tape.head is not None
        tape.head.seek(1.0)
    one, other = (tape.look() for tape in moments)
    assert one and other and one.status == other.status and not moments[1].acts
    assert [line.text for line in one.console.tail(5)] == [
        line.text for line in other.console.tail(5)
    ]
    assert (one.curves.points("loss")[1] == other.curves.points("loss")[1]).all()


# secrets


def leaky(logs: Path) -> Run:
    profile = with_(PROFILE, secrets={"names": ["MY_TOKEN"]})
    noted = ("keeper", k.Noted(s.T0 + 600, "n", f"I used {SECRET}", "me"))
    run = shelved(logs, 1, falling(), profile, [noted])
    encoded = base64.b64encode(SECRET.encode()).decode()
    text = (
        f"step 1\ntoken: {SECRET}\nAuthorization: Basic {encoded}\nHF_TOKEN=hf_{'a' * 30}\n"
        "password:\n  hunter2hunter2\n"
        "-----BEGIN RSA PRIVATE KEY-----\nMIIabc\nMIIdef\n-----END RSA PRIVATE KEY-----\nlast line\n"
    )
    journals.append(run.attempt(1).console, text.encode())
    return run


def everything(path: Path) -> bytes:
    with zipfile.ZipFile(path) as archive:
        return b"\n".join(archive.read(name) for name in archive.namelist())


def test_no_secret_gets_in_and_what_was_removed_is_listed(
    engine: Engine, logs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, home: Path
) -> None:
    monkeypatch.setenv("MY_TOKEN", SECRET)
    (home / "secrets.toml").write_text('OTHER = "from-the-file-of-secrets"\n')
    (home / "secrets.toml").chmod(0o600)
    run = leaky(logs)
    journals.append(run.attempt(1).console, b"it said from-the-file-of-secrets aloud\n")
    path = tmp_path / "x.cockpit"
    found = engine("export", run.id, "--to", "bundle", "--out", str(path))
    data = everything(path)
    for secret in (SECRET, json.dumps(SECRET)[1:-1], base64.b64encode(SECRET.encode()).decode().rstrip("="), "a" * 30,
                   "hunter2", "MIIabc", "MIIdef", "from-the-file-of-secrets"):  # fmt: skip
        assert secret.encode() not in data, secret
    assert b"last line" in data and b"step 1" in data and b"it said" in data
    removed = opened(path).removed
    assert removed["the value of MY_TOKEN"] >= 3 and removed["the value of OTHER"] == 1
    assert removed["what looks like a credential"] >= 3
    assert "removed from attempts/1/console.log: the value of MY_TOKEN" in found.err
    assert SECRET not in found.err


def test_the_check_sees_a_secret_that_was_left(
    logs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without the values' own forms the secret is in the bundle: so the test above can fail."""
    monkeypatch.setenv("MY_TOKEN", SECRET)
    monkeypatch.setattr("engine.bundle.scrubbing._forms", lambda value: set())
    pack(leaky(logs), tmp_path / "x.cockpit")
    assert json.dumps(SECRET)[1:-1].encode() in everything(tmp_path / "x.cockpit")


def test_rows_of_numbers_stay_as_they_are(tmp_path: Path) -> None:
    line = b'{"step":91,"epoch":3.1379,"tokens":184064,"phase":"A","loss":"nan","tokens_s":404.6,"t":1795237608.5}\n'
    scrub = Scrubber({})
    assert b"".join(scrub.lines([line * 3], Shifts())) == line * 3 and not scrub.removed
    odd = b'{"step":1,"note":"api_key=abcdef123456"}\n'
    assert b"abcdef" not in b"".join(scrub.lines([odd], Shifts())) and scrub.removed


def test_a_secret_over_two_blocks_is_found(tmp_path: Path) -> None:
    scrub = Scrubber({"X": "middle-of-two-blocks"})
    out = b"".join(scrub.lines([b"a\nthe middle-of-", b"two-blocks end\n"], Shifts()))
    assert out == b"a\nthe [redacted] end\n" and scrub.removed == {"the value of X": 1}


def test_times_of_lines_stay_when_bytes_before_them_went(
    logs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The runner's time index counts bytes: it is moved with them."""
    monkeypatch.setenv("MY_TOKEN", "a-very-long-secret-value-that-goes-away")
    lines = [
        f"step {n} loss {4 - n / 10}{' a-very-long-secret-value-that-goes-away' if n == 3 else ''}\n".encode()
        for n in range(1, 10)
    ]
    ends = [sum(map(len, lines[: n + 1])) for n in range(len(lines))]
    grew = [("1/runner", r.Grew(s.T0 + 10 * (n + 1), end, 0)) for n, end in enumerate(ends)]
    run = journals.write(logs, s.live(), grew, s.exited(t=s.T0 + 200), s.closed(t=s.T0 + 201))
    run.profile.write_text(json.dumps({"secrets": {"names": ["MY_TOKEN"]}}))
    journals.append(run.attempt(1).console, b"".join(lines))
    one, other = Replay(run), Replay(packed(run, tmp_path))
    for n in range(1, 10):
        t = s.T0 + 10 * n + 1
        assert one.frame(t).view.step == other.frame(t).view.step == n


# long consoles


def test_of_a_long_console_head_tail_and_trouble_go_along(logs: Path, tmp_path: Path) -> None:
    run = shelved(logs, 1, falling())
    filler = b"nothing to see here, step after step\n" * 30_000
    with open(run.attempt(1).console, "wb") as file:
        file.write(b"the first line\n" + filler * 10)
        file.write(b"Traceback (most recent call last):\n  boom\nValueError: in the middle\n")
        file.write(filler * 20 + b"the last line\n")
    size = run.attempt(1).console.stat().st_size
    assert size > LONG
    told_ = pack(run, tmp_path / "x.cockpit")
    inside = opened(tmp_path / "x.cockpit").run
    text = vault.small(inside.attempt(1).console, 1 << 30)
    assert (
        text.startswith(b"the first line")
        and text.endswith(b"the last line\n")
        and b"in the middle" in text
    )
    assert len(text) < HEAD + TAIL + (1 << 20) and b"bytes were left out here]" in text
    left = told_.cut["attempts/1/console.log"]
    assert size - left == len(text) - sum(
        len(line) + 1 for line in text.split(b"\n") if b"left out here" in line
    )
    assert sum("left out of" in line for line in told_.said()) == 1
    pack(run, tmp_path / "y.cockpit", whole=True)
    assert vault.size(opened(tmp_path / "y.cockpit").run.attempt(1).console) == size


def test_the_numbers_of_a_cut_console_go_along_as_rows(logs: Path, tmp_path: Path) -> None:
    run = journals.write(logs, s.live(), s.exited(), s.closed())
    lines = b"".join(
        b"step %d loss %.4f %s\n" % (n, 4 - n / 9000, b"." * 500) for n in range(1, 36_001)
    )
    journals.append(run.attempt(1).console, lines)
    assert len(lines) > LONG
    inside = packed(run, tmp_path)
    status = Observer(inside).status()
    assert (
        status.step == 36_000 and status.metrics["loss"] == Observer(run).status().metrics["loss"]
    )
    assert status.learning.verdict == "down"


# notes


def test_notes_on_a_bundle_lie_beside_it_and_come_home_once(
    engine: Engine, logs: Path, tmp_path: Path
) -> None:
    run = shelved(logs, 1, falling())
    path = tmp_path / "x.cockpit"
    pack(run, path)
    before = path.read_bytes()
    [note] = engine("note", str(path), "look at \x1b[31mstep 300", "--json").valid("note")
    notes = tmp_path / "x.cockpit.notes.jsonl"
    assert path.read_bytes() == before and notes.stat().st_size < 1000
    assert opened(path).run and any(
        n.id == note["request"] for n in Observer(opened(path).run).frame().view.keeper.notes
    )
    for _ in range(2):
        found = engine("note", run.id, "--from", str(notes))
        assert found.status == 0 and "\x1b" not in found.out
    texts = [n.text for n in Observer(run).frame().view.keeper.notes]
    assert len([text for text in texts if "step 300" in text]) == 1
    assert run.keeper.read_bytes().count(b'"noted"') == 1


def test_notes_of_another_run_are_refused(engine: Engine, logs: Path, tmp_path: Path) -> None:
    one, other = shelved(logs, 1, falling()), shelved(logs, 2, falling())
    pack(one, tmp_path / "x.cockpit")
    engine("note", str(tmp_path / "x.cockpit"), "mine")
    found = engine("note", other.id, "--from", str(tmp_path / "x.cockpit.notes.jsonl"))
    assert found.status == 2 and f"is about {one.id}" in found.err
    assert engine("note", other.id, "--from", str(tmp_path / "none")).status == 4


def test_nobody_changes_a_bundle(engine: Engine, logs: Path, tmp_path: Path) -> None:
    run = journals.write(logs, s.live(), [("1/trainer", Row(s.T0 + 2, 1, {"loss": 1.0}))])
    pack(run, tmp_path / "x.cockpit")
    for words in (("stop",), ("note", "--typed", "a.b=1")):
        found = engine(words[0], str(tmp_path / "x.cockpit"), *words[1:])
        assert found.status == 2 and "lies in a bundle" in found.err
