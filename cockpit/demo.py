"""The demo: the one that runs, else a new one. What it trains with is installed in view, while a recording plays."""

from __future__ import annotations

import shlex
import subprocess
import time
from pathlib import Path
from typing import TYPE_CHECKING, cast

from textual.app import App

from cockpit.inks import Line
from cockpit.screens.base import Place
from cockpit.widgets.lines import Lines
from engine import index, shipped, system
from engine.display import display
from engine.errors import Unusable
from engine.runs import Run, every

if TYPE_CHECKING:
    from cockpit.deck import Deck

NEEDS = "the demo trains with torch, which is not installed"
FIX = "pip install 'training-cockpit[train]'; cockpit replay --samples shows recordings without it"
SAID = 200
EVERY_S = 0.5


def trains() -> bool:
    """Whether what it trains with is there."""
    from engine import launching

    return launching.has_torch()


def running(logs: Path) -> Run | None:
    """The demo that still runs."""
    demos = (run for run in every(logs) if run.id[:-21] == "demo")
    return next((run for run in demos if index.is_live(index.row(run))), None)


def start(logs: Path) -> Run:
    """The demo that still runs, else a new one."""
    found = running(logs)
    if found is not None:
        return found
    root = shipped.demo()
    if not trains():
        raise Unusable(NEEDS, FIX)
    from engine import launching, profile

    return launching.launch(profile.load(str(root / shipped.DEMO)), root)


class Setup:
    """A command that installs; `line` is the newest that it said. It ends with the screen, to begin anew next time."""

    def __init__(self, command: str) -> None:
        self.line = ""
        self.status: int | None = None
        self._words = shlex.split(command)
        self._began = time.monotonic()
        self._process: subprocess.Popen[str] | None = None

    def run(self) -> int:
        """Until it ended."""
        try:
            self._process = process = subprocess.Popen(
                self._words,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                errors="replace",
                start_new_session=True,
            )
        except OSError as error:
            self.line, self.status = f"{self._words[0]}: {error.strerror}", 2
            return 2
        assert process.stdout is not None
        for line in process.stdout:
            self.line = line.strip() or self.line
        self.status = process.wait()
        return self.status

    def begin(self, app: App[None]) -> None:
        """On a thread, said on whatever screen is looked at; then the demo trains."""

        def work() -> None:
            if self.run() == 0:
                app.call_from_thread(cast("Deck", app).asking.demo)

        app.run_worker(work, thread=True, exit_on_error=True)
        app.set_interval(EVERY_S, lambda: show(app.screen, self))

    def end(self) -> None:
        """With all that it started."""
        if self._process is not None and self.status is None:
            system.end_group(self._process.pid)

    def shown(self, width: int) -> Line:
        said = display(self.line, SAID)
        if self.status:
            return [
                (" not installed: ", "bad bold"),
                (said, "text"),
                ("; make run tries again", "muted"),
            ]
        spent = int(time.monotonic() - self._began)
        return [
            (f" installing what the demo trains with, {spent} s ", "title"),
            (said if width >= 80 else "", "muted"),
        ]


def show(screen: object, setup: Setup) -> None:
    """A line above the keys, while there is something to say."""
    if not isinstance(screen, Place) or not screen.query("KeyBar"):
        return
    found = screen.query("#setup")
    if setup.status == 0:
        found.remove()
    elif found:
        screen.words("setup").show(lambda width, height: [setup.shown(width)])
    else:
        line = Lines(lambda width, height: [setup.shown(width)], id="setup")
        screen.mount(line, before="KeyBar")


def headless(run: Run) -> int:
    """Without a terminal: its console, until it ended, and its result."""
    from engine.cli import main

    print(run.id, flush=True)
    return main(["wait", str(run.folder), "--follow"])
