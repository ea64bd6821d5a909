"""Block until a run is at its end: what `wait`, `launch --wait` and `launch --follow` share.

Ctrl-C detaches and says that the run goes on; of an owned run it is a request to stop, and a second
one detaches.
"""

from __future__ import annotations

import signal
import threading
import time
from types import FrameType

from engine.cli.console import Console, Cutter
from engine.cli.output import Output
from engine.cli.speech import brief
from engine.cli.target import Lookout
from engine.journal import Follower
from engine.runs import Run
from engine.status import Status
from engine.timeline import BLOCK

EVERY_S = 0.5
DETACHED = 130


class Waiting:
    """`until_final` prints the last status and returns the run's result."""

    def __init__(self, run: Run, out: Output, owned: bool = False, follow: bool = False) -> None:
        self._lookout = Lookout(run, out)
        self._run, self._out, self._owned = run, out, owned
        self._console = Console(run) if follow else None
        self._setup, self._cutter = Follower(run.setup_log), Cutter()
        self._word = ""

    def until_final(self) -> int:
        if self._owned:
            _hear_terminations()
        while True:
            try:
                return self._result(self._watch())
            except KeyboardInterrupt:
                if not self._owned:
                    self._out.say(f"detached; {self._run.id} goes on: engine wait {self._run.id}")
                    return DETACHED
                self._stop()

    def _watch(self) -> Status:
        while True:
            status = self._lookout.status()
            if self._console is not None:
                self._say_setup()
                for line in self._console.read(status.exit_status is not None):
                    self._out.say(line.text)
            self._tell(status)
            if status.exit_status is not None:
                return status
            time.sleep(EVERY_S)

    def _say_setup(self) -> None:
        """What a machine says while it is made ready."""
        while data := self._setup.read(BLOCK).data:
            for line, _ in self._cutter.feed(data):
                self._out.say(line.decode("utf-8", "replace"))

    def _tell(self, status: Status) -> None:
        """Progress on stderr, when the word changes. Ages in it (QUIET 4m) are no change."""
        word = status.word.split()[0]
        if word != self._word:
            self._word = word
            self._out.say(
                "".join(part if isinstance(part, str) else part.text for part in brief(status))
            )

    def _result(self, status: Status) -> int:
        if self._out.as_json:
            self._out.value(status.table())
        else:
            self._out.line(
                f"{status.run}  {status.word}" + (f"  {status.reason}" if status.reason else "")
            )
        return 3 if status.exit_status is None else status.exit_status

    def _stop(self) -> None:
        from engine import control

        control.request(self._run, "stop", reason="its owner was interrupted")
        self._owned = False
        self._out.say(f"asked {self._run.id} to stop; waiting for its end")


def _hear_terminations() -> None:
    """A CI job that is cancelled sends SIGTERM or SIGHUP, and means Ctrl-C."""

    def interrupt(number: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    if threading.current_thread() is threading.main_thread():
        for name in ("SIGTERM", "SIGHUP"):
            if hasattr(signal, name):
                signal.signal(getattr(signal, name), interrupt)
