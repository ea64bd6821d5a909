"""The tests' own watch is awake: a leak fails its test and is ended, a missing program is told."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import living
from tests.house.source import ROOT

SLEEPER = "subprocess.Popen(['sleep', '300'], start_new_session=True)"


def outcome(folder: Path, body: str, **environment: str) -> tuple[dict[str, int], str]:
    """Run one small test under this very conftest: the counts pytest gives, and all it printed."""
    file = folder / "test_inner.py"
    file.write_text(f"import os, pathlib, pytest, subprocess\n{body}\n")
    command = [sys.executable, "-m", "pytest", "-rs", "-p", "tests.conftest"]
    places = ["-c", ROOT / "pyproject.toml", "--rootdir", folder, "--basetemp", folder / "inner"]
    variables = {name: value for name, value in os.environ.items() if name not in ("CI", "SOAK")}
    done = subprocess.run(
        [*command, *map(str, places), str(file)],
        cwd=ROOT,
        env={**variables, **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    last = done.stdout.rstrip().rsplit("\n", 1)[-1]
    counts = {word.rstrip("s"): int(n) for n, word in re.findall(r"(\d+) ([a-z]+)", last)}
    return counts, done.stdout


@pytest.mark.needs("sleep")
def test_a_leaked_process_is_ended_and_fails_its_test(tmp_path: Path) -> None:
    counts, printed = outcome(tmp_path, f"def test() -> None:\n    {SLEEPER}")
    assert counts == {"passed": 1, "error": 1}
    assert "sleep 300" in printed
    assert living(tmp_path / "inner") == {}


def test_a_declared_leak_is_ended_in_silence(tmp_path: Path) -> None:
    mark = "@pytest.mark.leaves('it is what is tested')\n"
    counts, _ = outcome(tmp_path, f"{mark}def test() -> None:\n    {SLEEPER}")
    assert counts == {"passed": 1}
    assert living(tmp_path / "inner") == {}


def test_a_process_that_was_ended_is_no_leak(tmp_path: Path) -> None:
    body = f"def test() -> None:\n    child = {SLEEPER}\n    child.kill(); child.wait()"
    assert outcome(tmp_path, body)[0] == {"passed": 1}


def test_a_missing_program_skips_and_fails_in_ci(tmp_path: Path) -> None:
    body = "@pytest.mark.needs('sh', 'no-such-program')\ndef test() -> None: ..."
    counts, printed = outcome(tmp_path, body)
    assert counts == {"skipped": 1}
    assert "needs no-such-program" in printed
    counts, printed = outcome(tmp_path, body, CI="true")
    assert counts == {"error": 1}
    assert "CI must have: no-such-program" in printed


def test_the_users_own_settings_do_not_reach_a_test(tmp_path: Path) -> None:
    body = (
        "def test(home: pathlib.Path) -> None:\n"
        "    assert os.environ['COCKPIT_HOME'] == str(home)\n"
        "    assert not {'RUNPOD_API_KEY', 'COCKPIT_EVENTS'} & set(os.environ)"
    )
    counts, _ = outcome(tmp_path, body, RUNPOD_API_KEY="x", COCKPIT_EVENTS="/x", COCKPIT_HOME="/x")
    assert counts == {"passed": 1}
