"""From words to a status: help, misspellings, errors, bugs, closed pipes, and a light start."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from engine.cli import entry
from engine.cli.catalog import VERBS
from engine.cli.crash import BUG
from tests.support import journals
from tests.support.cli import Engine
from tests.support.tales import told

ROOT = Path(__file__).resolve().parents[3]


def shell(command: str) -> subprocess.CompletedProcess[str]:
    """A real shell, with `engine` as a function."""
    script = f'engine() {{ "{sys.executable}" -m engine.cli "$@"; }}\n{command}'
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.run(
        ["bash", "-c", script], env=env, capture_output=True, text=True, timeout=60
    )


def test_help_names_every_verb(engine: Engine) -> None:
    answer = engine("--help")
    assert answer.status == 0
    assert [name for name in VERBS if f"  {name} " not in answer.out] == []


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_explains_itself_with_examples(verb: str, engine: Engine) -> None:
    answer = engine(verb, "--help")
    assert answer.status == 0
    assert f"engine {verb}" in answer.out.partition("examples:")[2]
    assert "--json" in answer.out
    assert "VERB" not in answer.out


def test_nothing_asked_is_a_mistake(engine: Engine) -> None:
    assert engine().status == 2


def test_version(engine: Engine) -> None:
    assert engine("--version").out.startswith("engine 0.")


@pytest.mark.parametrize(
    ("words", "status", "error", "fix"),
    [
        (["stauts"], 2, "there is no verb 'stauts'", "did you mean status?"),
        (["xyzzy"], 2, "there is no verb 'xyzzy'", "engine --help"),
        (["status"], 2, "required: RUN", "engine status --help"),
        (["status", "@", "--jsn"], 2, "no option --jsn", "did you mean --json?"),
        (["status", "@"], 4, "no run '@'", "engine ls"),
        (["status", "/nowhere"], 4, "not a run's folder", "keeper.jsonl"),
        (["tail", "@", "-n", "many"], 2, "'many' is no whole number", "engine tail --help"),
        (["tail", "@", "-n", "-1"], 2, "engine tail", "engine tail --help"),
        (["replay", "@", "--speed", "warp"], 2, "'warp' is no speed", "engine replay --help"),
        (["replay", "@", "--speed", "nan"], 2, "'nan' is no speed", "engine replay --help"),
        (["alerts", "@", "--what-if", "spikes=3"], 2, "no threshold", "did you mean spike?"),
        (["alerts", "@", "--what-if", "spike=x"], 2, "no number", "--what-if spike=3"),
        (["help", "jurnal"], 4, "no topic 'jurnal'", "journal"),
        (["gc", "--older-than", "3"], 2, "remove every run", "--yes"),
    ],
)
def test_an_error_says_what_happened_and_what_to_do(
    words: list[str], status: int, error: str, fix: str, engine: Engine
) -> None:
    said = engine(*words)
    assert (said.status, said.out) == (status, "")
    what, next_step = said.err.splitlines()
    assert error in what and fix in next_step
    (table,) = engine(*words, "--json").valid("error")
    assert table["status"] == status and error in table["error"] and fix in table["fix"]


def test_an_ambiguous_word_names_the_runs(engine: Engine, logs: Path) -> None:
    for number in range(2):
        journals.write(logs, told("DONE"), run_id=f"tale-2026092{number}-000000-abcd")
    said = engine("status", "000000")
    assert said.status == 4 and "means 2 runs" in said.err
    assert engine("status", "0920").status == 0
    assert engine("status", "tale").status == 0


def test_a_bug_is_one_line_and_a_private_file_without_values(
    engine: Engine, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The bug is made: a verb's entry in the catalogue that is none."""
    monkeypatch.setattr(entry, "VERBS", {"boom": ("nothing_like_this", "a bug")})
    said = engine("boom", "s3cret-value")
    assert (said.status, said.out) == (BUG, "")
    assert "Traceback" not in said.err and "this is a bug" in said.err
    (crash,) = (home / "crashes").iterdir()
    assert crash.stat().st_mode & 0o777 == 0o600
    text = crash.read_text()
    assert "Traceback" in text and "s3cret-value" not in text


def test_unreadable_logs_are_words(engine: Engine, logs: Path) -> None:
    run = journals.write(logs, told("DONE"))
    run.keeper.unlink()
    run.keeper.mkdir()
    journals.write(logs, told("DONE"), run_id="well-20260921-000000-abcd")
    said = engine("status", journals.ID)
    assert said.status == 3 and f"cannot read {run.folder}" in said.err
    listed = engine("ls")
    assert listed.status == 3 and f"cannot read {run.folder}" in listed.err
    assert "well-20260921" in listed.out


def test_a_closed_pipe_is_quiet(logs: Path) -> None:
    for number in range(10, 60):
        journals.write(logs, told("FAILED 3"), run_id=f"tale-202609{number}-000000-abcd")
    found = shell("engine tail @ --metrics --json | head -1 | wc -l; echo ${PIPESTATUS[0]}")
    assert (found.stdout.split(), found.stderr) == (["1", "0"], "")


def test_a_full_disk_under_stdout_is_words(logs: Path) -> None:
    journals.write(logs, told("DONE"))
    found = shell("engine status @ > /dev/full; echo $?")
    assert found.stdout.split() == ["2"]
    assert "No space left" in found.stderr and "Traceback" not in found.stderr


def test_a_terminal_of_another_alphabet_gets_question_marks(logs: Path) -> None:
    journals.write(logs, told("DONE"))
    found = shell("LC_ALL=C PYTHONUTF8=0 PYTHONIOENCODING=ascii engine ls")
    assert (found.returncode, found.stderr) == (0, "") and "?" in found.stdout


HEAVY = ("numpy", "msgspec", "torch", "textual", "rich", "paramiko")


def test_help_and_a_cached_ls_start_light(logs: Path, engine: Engine) -> None:
    """By what they load, which is what their time is; the times themselves are in the bench."""
    journals.write(logs, told("DONE"))
    engine("ls")
    script = "import sys\nfrom engine.cli import main\nmain(sys.argv[1:])\nprint(*sys.modules)"
    env = {**os.environ, "PYTHONPATH": str(ROOT)}

    def loaded(*words: str) -> set[str]:
        done = subprocess.run(
            [sys.executable, "-c", script, *words], env=env, capture_output=True, text=True
        )
        return set(done.stdout.splitlines()[-1].split())

    assert loaded("--help") & {*HEAVY, "argparse", "engine.view"} == set()
    assert loaded("ls") & {*HEAVY, "engine.view", "engine.events"} == set()
    assert loaded("status", "@") & {*HEAVY} == set()
    # The negative control: the list would be seen to hold what a verb does load.
    assert {"engine.view", "argparse"} <= loaded("status", "@")
