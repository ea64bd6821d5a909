"""What a Tab offers: in a real bash, and as text for the others; only runs' ids are asked for at that moment."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from engine.cli.catalog import VERBS
from engine.cli.verbs.completion import SHELLS
from tests.support import journals
from tests.support.cli import Engine
from tests.support.tales import told

ROOT = Path(__file__).resolve().parents[3]


def offered(*words: str) -> list[str]:
    """What bash would show for these words, the last one half typed."""
    line = " ".join(f"'{word}'" for word in words)
    script = f"""
engine() {{ "{sys.executable}" -m engine.cli "$@"; }}
eval "$(engine completion bash)"
COMP_WORDS=(engine {line}); COMP_CWORD={len(words)}; _engine; printf '%s\\n' "${{COMPREPLY[@]}}"
"""
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        ["bash", "-c", script], env=env, capture_output=True, text=True, timeout=60
    )
    assert done.stderr == ""
    return done.stdout.split()


@pytest.mark.needs("bash")
def test_bash_offers_verbs_options_words_and_runs(logs: Path) -> None:
    run = journals.write(logs, told("DONE"))
    assert offered("sta") == ["status"]
    assert set(VERBS) <= set(offered(""))
    assert offered("resume", "--re") == ["--rehearse"]
    assert offered("hosts", "a") == ["add"]
    assert offered("status", run.id[:4]) == [run.id]
    assert "@" in offered("tail", "")
    assert run.id not in offered("launch", "")


@pytest.mark.needs("bash")
def test_a_strange_word_completes_to_nothing_and_runs_nothing(logs: Path, tmp_path: Path) -> None:
    assert offered("nothing", "x") == []
    assert offered("status", f"$(touch {tmp_path}/owned)") == []
    assert not (tmp_path / "owned").exists()


@pytest.mark.parametrize("shell", SHELLS)
def test_each_shell_is_told_every_verb_and_takes_it(shell: str, engine: Engine) -> None:
    answer = engine("completion", shell)
    assert answer.status == 0
    assert [name for name in VERBS if name not in answer.out] == []
    (value,) = engine("completion", shell, "--json").valid("completion")
    assert "\n".join(value["lines"]) + "\n" == answer.out
    if shutil.which(shell):
        done = subprocess.run([shell, "-n"], input=answer.out, capture_output=True, text=True)
        assert (done.returncode, done.stderr) == (0, "")


def test_an_unknown_shell_is_named(engine: Engine) -> None:
    assert engine("completion", "tcsh").status == 2
