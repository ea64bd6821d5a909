"""A new user at a real terminal, in tmux, with the keys on the screen alone: launch, watch, stop, resume, replay."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.runs import every
from tests.cockpit.ptys import ROOT

PATIENCE_S = 60.0
PROFILE = """
name = "tiny"
recipe = "command"
[command]
argv = ["python3", "{script}", "--steps", "4000", "--pause", "0.05", "--save-every", "5", "--out", "out"]
resume = ["--resume", "{{path}}"]
[checkpoints]
glob = "out/step-*.json"
kind = "file"
[recover]
attempts = 0
"""


class Tmux:
    """A server of its own, so that nobody else's sessions are seen or ended."""

    def __init__(self, socket: Path, home: Path) -> None:
        self._base = ["tmux", "-S", str(socket), "-f", "/dev/null"]
        program = shlex.join([sys.executable, "-m", "cockpit"])
        env = f"PYTHONPATH={shlex.quote(str(ROOT))} COCKPIT_HOME={shlex.quote(str(home))}"
        self._call("new-session", "-d", "-x", "120", "-y", "40", "-c", str(home),
                   f"{env} {program}; echo left with $?; sleep 60")  # fmt: skip

    def _call(self, *words: str) -> str:
        env = {key: value for key, value in os.environ.items() if key != "TMUX"}
        done = subprocess.run(
            [*self._base, *words], capture_output=True, text=True, timeout=20, env=env
        )
        return done.stdout

    def press(self, *keys: str) -> None:
        self._call("send-keys", *keys)

    def shows(self, *words: str) -> str:
        """The screen, once all of these are on it."""
        end = time.monotonic() + PATIENCE_S
        while True:
            screen = self._call("capture-pane", "-p")
            if all(word in screen for word in words):
                return screen
            assert time.monotonic() < end, f"never {words} on\n{screen}"
            time.sleep(0.1)

    def end(self) -> None:
        self._call("kill-server")


@pytest.fixture
def tmux(tmp_path: Path, home: Path) -> Iterator[Tmux]:
    (home / "profiles").mkdir()
    script = ROOT / "profiles" / "scripts" / "fit.py"
    (home / "profiles" / "tiny.toml").write_text(PROFILE.format(script=script))
    found = Tmux(tmp_path / "socket", home)
    yield found
    found.end()


@pytest.mark.alone
@pytest.mark.needs("tmux")
@pytest.mark.leaves("the run of this test is killed at its end")
def test_launch_watch_stop_resume_replay_by_keys(tmux: Tmux, home: Path) -> None:
    tmux.shows("No run yet", "n new run")
    tmux.press("n")
    tmux.shows("its program is here", "Enter launch")
    tmux.press("Enter")
    screen = tmux.shows("LIVE", "loss", "machine", "CPU", "S stop", "l logs")
    assert "LEARNING" in screen.upper() and "GPU" in screen
    tmux.press("l")
    tmux.shows("following", "loss=")
    tmux.press("d")
    tmux.shows("timeline", "◆ step-")
    tmux.press("S")
    tmux.shows("Stop this run?", "is kept", "still billed", "engine stop tiny-")
    tmux.press("stop", "Enter")
    tmux.shows("STOPPED", "R resume")
    tmux.press("R")
    tmux.shows("Checkpoints", "Enter resume from here", ".json")
    tmux.press("Enter")
    tmux.shows("Resume this run?", "engine resume tiny-")
    tmux.press("resume", "Enter")
    tmux.shows("attempt 2", "began at")
    tmux.press("d")
    tmux.shows("LIVE", "↻")
    tmux.press("K")
    tmux.shows("nothing is saved")
    tmux.press("kill", "Enter")
    tmux.shows("STOPPED", "r replay")
    tmux.press("r")
    tmux.shows("transport", "playing")
    tmux.press("Space")
    tmux.shows("paused")
    tmux.press("q")
    tmux.shows("left with 0")
    assert len(every(home / "logs")) == 1
