"""What a card advises is done, and helps: on real files, with real programs."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from engine.explain import Explained, book, first
from engine.explain.mend import command, script
from engine.profile import from_table

CARDS = {card.id: card for card in book()}


def said_of(argv: list[str], cwd: Path, **env: str) -> tuple[int, Explained | None]:
    """The program's exit status, and what the cards say of the first line that one fits."""
    around = {**os.environ, "LC_ALL": "C.UTF-8", **env}
    done = subprocess.run(argv, cwd=cwd, env=around, capture_output=True, text=True, check=False)
    told = (first(line, CARDS.values()) for line in done.stderr.splitlines())
    return done.returncode, next((one for one in told if one is not None), None)


def test_windows_line_ends_are_taken_out(tmp_path: Path) -> None:
    path = tmp_path / "train.sh"
    path.write_bytes(b"#!/usr/bin/env bash\r\nexit 0\r\n")
    path.chmod(0o755)
    status, said = said_of(["./train.sh"], tmp_path)
    assert status != 0 and said is not None and said.card == "windows-line-ends"
    subprocess.run(command(said, {"SCRIPT": str(path)}), check=True)
    assert said_of(["./train.sh"], tmp_path) == (0, None)


def test_a_script_becomes_executable(tmp_path: Path) -> None:
    path = tmp_path / "train.sh"
    path.write_text("#!/bin/sh\nexit 0\n")
    path.chmod(0o644)
    status, said = said_of(["bash", "-c", "./train.sh"], tmp_path)
    assert status == 126 and said is not None and said.card == "not-executable"
    subprocess.run(command(said), cwd=tmp_path, check=True)
    assert said_of(["bash", "-c", "./train.sh"], tmp_path) == (0, None)


def test_a_private_key_becomes_private(tmp_path: Path) -> None:
    key = tmp_path / "a key"
    key.write_text("x")
    key.chmod(0o644)
    said = first(f"Permissions 0644 for '{key}' are too open.", CARDS.values())
    assert said is not None
    subprocess.run(command(said), check=True)
    assert key.stat().st_mode & 0o777 == 0o600


LIBRARY = """
class SFTTrainer:
    def __init__(self, model=None, processing_class=None, args=None): pass
class TrainingArguments:
    def __init__(self, out, eval_strategy="no"): pass
def tok(name): return name
"""


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("trl-tokenizer", "SFTTrainer(model=tok('a'),\n  tokenizer=tok('b'))\n"),
        ("eval-strategy", "TrainingArguments('out', evaluation_strategy = 'steps')\n"),
    ],
)
def test_a_script_is_written_for_the_version_there_is(name: str, text: str, tmp_path: Path) -> None:
    (tmp_path / "library.py").write_text(LIBRARY)
    path, kept = tmp_path / "train.py", "tokenizer = tok('x')\n"
    path.write_text(f"from library import *\n{kept}{text}")
    status, said = said_of([sys.executable, "-S", "train.py"], tmp_path, PYTHONPATH="")
    assert status == 1 and said is not None and said.card == name
    path.write_text(script(CARDS[name], path.read_text()))
    assert said_of([sys.executable, "-S", "train.py"], tmp_path, PYTHONPATH="") == (0, None)
    assert kept in path.read_text(), "only the call is changed"


def test_a_key_of_the_profile_reaches_the_command(tmp_path: Path) -> None:
    line = CARDS["wandb-no-key"].line
    said = first(line, CARDS.values())
    assert said is not None
    bare = {"name": "p", "recipe": "command", "command": {"argv": ["a"]}}
    made = from_table(bare, said.set)
    code = f"import os, sys\nif os.environ.get('WANDB_MODE') != 'offline': sys.exit({line!r})"
    argv = [sys.executable, "-S", "-c", code]
    assert said_of(argv, tmp_path)[0] == 1
    assert said_of(argv, tmp_path, **made.command.env) == (0, None)


def test_a_card_without_a_replacement_changes_no_text() -> None:
    assert script(CARDS["disk-full"], "tokenizer=1") == "tokenizer=1"
