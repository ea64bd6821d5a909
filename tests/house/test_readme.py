"""The README is held to itself: each command in it is run, word for word, and its picture is the screen of today.

Only what a page cannot know is put in its place: the address of the machine, the number of a process. `make run` and
`make test` are given an environment whose pip and programs note what they are asked; the gate runs them in earnest.
"""

from __future__ import annotations

import os
import pty
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from engine.cli.catalog import VERBS
from engine.runs import every
from tests import screens
from tests.conftest import settled
from tests.house.source import ROOT
from tests.house.test_makefile import checkout, make
from tests.support import sshd as sshds
from tests.support.cli import Engine, caller

PAGE = (ROOT / "README.md").read_text()
ADDRESS, PID = "me@203.0.113.7:22", "4242"
TRAIN = """
import sys, time
from pathlib import Path
first = int(sys.argv[sys.argv.index("--resume") + 1].split("-")[-1].split(".")[0]) if "--resume" in sys.argv else 0
Path("out").mkdir(exist_ok=True)
for step in range(first + 1, 4001):
    print(f"step {step} loss {9 / (step + 3):.4f}", flush=True)
    if step % 5 == 0:
        Path(f"out/step-{step}.json").write_text('{"step": %d}' % step)
    time.sleep(0.05)
"""
PROFILE = """
name = "mine"
recipe = "command"
[command]
argv = ["python", "train.py"]
resume = ["--resume", "{path}"]
[checkpoints]
glob = "out/step-*.json"
kind = "file"
[recover]
attempts = 0
"""
fixture = checkout  # of the Makefile's tests, by its own name here


def commands(section: str) -> list[str]:
    """Those in the blocks below a heading, without what is said about them."""
    part = PAGE.split(f"\n## {section}\n")[1].split("\n## ")[0]
    blocks = re.findall(r"^```\n(.*?)^```$", part, re.MULTILINE | re.DOTALL)
    lines = "".join(blocks).splitlines()
    return [re.split(r"\s{2,}#|\s#\s", line)[0].strip() for line in lines if line.strip()]


def said_in_passing() -> list[str]:
    """Commands within sentences."""
    return re.findall(r"`((?:engine|cockpit|make|python -m)\b[^`]*)`", PAGE)


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder as somebody has it, and a PATH on which `engine` and `python` are these."""
    here = tmp_path / "project"
    (here / "runs").mkdir(parents=True)
    (here / "train.py").write_text(TRAIN)
    (here / "profile.toml").write_text(PROFILE)
    (here / "runs/metrics.csv").write_text("step,loss\n1,2.5\n2,2.25\n")
    programs = tmp_path / "programs"
    programs.mkdir()
    for name, words in (("engine", "-m engine.cli"), ("cockpit", "-m cockpit"), ("python", "")):
        script = programs / name
        script.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} {words} "$@"\n')
        script.chmod(0o755)
    monkeypatch.setenv("PATH", f"{programs}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.chdir(here)
    return here


@pytest.fixture
def engine(capsys: pytest.CaptureFixture[str]) -> Engine:
    return caller(capsys)


def ask(command: str, **put: str) -> subprocess.CompletedProcess[str]:
    """In a real shell."""
    for word, own in put.items():
        command = command.replace({"address": ADDRESS, "pid": PID}[word], own)
    parent, child = pty.openpty()
    os.write(parent, b"yes\n")  # whatever is asked, as whether a machine's key is the right one
    try:
        done = subprocess.run(
            ["bash", "-c", command], capture_output=True, text=True, timeout=110, stdin=child
        )
    finally:
        os.close(parent)
        os.close(child)
    assert done.returncode == 0, (
        f"{command}: {done.returncode}\n{done.stdout[-500:]}{done.stderr[-1500:]}"
    )
    return done


def ends(home: Path) -> None:
    """No training of a test outlives it."""
    for run in every(home / "logs"):
        ask(f"engine kill {run.id} --wait || engine status {run.id}")
    settled(home)


def test_make_run_and_make_test_do_what_they_say(fixture: Path) -> None:
    bin = fixture / "bin"
    bin.mkdir()
    for command in commands("Start"):
        assert command.split()[0] == "make"
        ready = make(fixture, "venv")
        assert ready.returncode == 0, ready.stderr
        for name in ("python", "cockpit", "engine"):
            script = fixture / ".venv/bin" / name
            script.write_text(f'#!/bin/sh\necho "{name} $*" >> "{fixture}/asked"\n')
            script.chmod(0o755)
        done = make(fixture, *command.split()[1:])
        assert done.returncode == 0, done.stderr
    asked = (fixture / "asked").read_text()
    assert "cockpit demo" in asked and asked.count("python -m pytest") == 2


def test_every_day_is_run_word_for_word(project: Path, home: Path) -> None:
    said = {}
    for command in commands("Every day"):
        if " tail " in command:  # it follows until the run ends
            command = f"timeout 3 {command} || test $? = 124"
        if "resume" in command:
            ask("engine wait @ || test $? = 130")
        if "status" in command:
            ask("for n in $(seq 100); do test -e out/step-10.json && break; sleep 0.2; done")
        said[command] = ask(command).stdout
    ends(home)
    assert len(said) == len(commands("Every day")) >= 8
    assert "LIVE" in said["engine status @"] and len(every(home / "logs")) == 2


def test_looking_back_is_run_word_for_word(project: Path, home: Path) -> None:
    said = {command: ask(command).stdout for command in commands("Look back")}
    assert any("DONE" in one for one in said.values())
    assert len(said) >= 4


@pytest.mark.needs("sshd")
def test_a_machine_far_away_is_reached_word_for_word(
    project: Path, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    box = sshds.made(tmp_path / "far")
    box.start()
    own = tmp_path / "own"
    (own / ".ssh").mkdir(parents=True)
    shutil.copy(box.key, own / ".ssh/id_ed25519")
    monkeypatch.setenv("HOME", str(own))
    (project / "profile.toml").write_text(PROFILE.replace('"python"', '"python3"'))
    try:
        for command in commands("A machine far away"):
            if command.startswith("engine pull"):
                ask(
                    "for n in $(seq 300); do engine status @ | grep -q LIVE && break; sleep 0.2; done"
                )
            ask(command, address=f"root@127.0.0.1:{box.port}")
        ends(home)
    finally:
        box.stop()
    [run] = every(home / "logs")
    assert "step 1 loss" in run.attempt(1).console.read_text()


def test_what_one_has_already_is_taken_in_word_for_word(project: Path, home: Path) -> None:
    with (project / "hand.log").open("w") as log:
        hand = subprocess.Popen([sys.executable, "train.py"], stdout=log, stderr=log)
    try:
        for command in commands("What you have already"):
            ask(command, pid=str(hand.pid))
    finally:
        ends(home)
        hand.kill()
        hand.wait()
    assert len(every(home / "logs")) == 2


def test_what_is_named_in_passing_is_there() -> None:
    """A verb, a target of make, a bench: each of them by its name."""
    targets = re.findall(r"^([a-z-]+):.*##", (ROOT / "Makefile").read_text(), re.MULTILINE)
    for command in said_in_passing():
        program, *words = command.split()
        if program == "make":
            assert words[0] in targets, command
        elif program == "engine" and words[0] not in ("VERB", "--help"):
            assert words[0] in VERBS, command
        elif program == "python":
            assert words[1] == "tests.bench" and (ROOT / f"tests/bench/{words[2]}.py").exists()
    assert {"make run", "make test"} <= set(commands("Start"))


def test_its_pictures_are_the_screens_of_today() -> None:
    """`make screens` draws them anew."""
    for place, (name, share) in screens.PICTURES.items():
        assert f"]({place})" in PAGE
        kept = (ROOT / place).read_text("utf-8")
        assert words_of(kept) == words_of(screens.drawn(name, share)), f"make screens: {place}"


def test_another_moment_would_be_seen() -> None:
    """The negative control."""
    [(place, (name, share))] = screens.PICTURES.items()
    kept = (ROOT / place).read_text("utf-8")
    assert words_of(kept) != words_of(screens.drawn(name, share / 2))


def words_of(svg: str) -> list[str]:
    """What is to be read on it, with its place and its colour's name."""
    return re.findall(r"<text[^>]*>[^<]*</text>", svg)


@pytest.mark.parametrize("verb", VERBS)
def test_each_example_is_understood_by_its_verb(verb: str, engine: Engine) -> None:
    """Not run, which would take machines and money: read by the parser that reads a user's words."""
    import importlib

    from engine.cli.parser import verb_parser

    name, summary = VERBS[verb]
    module = importlib.import_module(f"engine.cli.verbs.{name}")
    examples = module.EXAMPLES.replace("VERB", verb).replace("\\\n", " ").strip().splitlines()
    read = 0
    for line in examples:
        found = re.search(r"\bengine [^|>]*", re.split(r"\s{2,}#", line)[0])
        if found is None:
            continue
        said = found.group().partition(")")[0] if "$(" in line else found.group()
        words = shlex.split(said, comments=True)[1:]
        assert words[0] in VERBS, line
        parser = verb_parser(words[0], summary, "")
        parser.set_defaults(verb=words[0])
        module.arguments(parser)
        parser.parse_args(words[1:])
        read += 1
    assert read
