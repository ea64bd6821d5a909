"""Real runners on real attempts: make a job, start its runner, read what it said."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from engine import procs
from engine.events import Event, Lines, Row, Segment, decode
from engine.identity import Identity
from engine.runner import records

ROOT = Path(__file__).parents[3]
PYTHON = sys.executable
PATIENCE_S = 60.0
RUN = "tale-20261121-000000-abcd"

SAVES = """
import os, signal, sys, time
asked = []
signal.signal(signal.SIGTERM, lambda n, f: asked.append("end"))
signal.signal(signal.SIGUSR1, lambda n, f: asked.append("save"))
print("ready", flush=True)
while "end" not in asked:
    if "save" in asked:
        print("saved", flush=True); asked.clear()
    time.sleep(0.05)
time.sleep(0.3); print("saved and out", flush=True); sys.exit(7)
"""
"""A trainer that saves when it is asked to, and takes a moment to end."""


class Attempt:
    """One attempt's folder and the runners that were started on it. `build` is the tree they run from."""

    def __init__(self, home: Path, argv: list[str], build: Path = ROOT, **job: Any) -> None:
        number = job.pop("attempt", 1)
        self.folder = home / RUN / "attempts" / str(number)
        self.folder.mkdir(parents=True)
        self.build = build
        body = {"schema": 1, "run": RUN, "attempt": number, "argv": argv, "cwd": str(home)}
        body.update({"beat_s": 0.2, "pulse_s": 3600, "grace_s": 2.0, **job})
        (self.folder / "job.json").write_text(json.dumps(body))
        self.runners: list[subprocess.Popen[bytes]] = []

    def start(
        self, stdin: bytes = b"", inside: tuple[str, ...] = (), **env: str
    ) -> subprocess.Popen[bytes]:
        """One more runner, as a keeper starts it. `inside` is how a command is run where it shall live."""
        with (self.folder / "runner.err").open("ab") as errors:
            runner = subprocess.Popen(
                [*inside, PYTHON, "-S", "-B", "-m", "engine.runner", str(self.folder)],
                env={**os.environ, "PYTHONPATH": str(self.build), **env},
                stdin=subprocess.PIPE,
                stdout=errors,
                stderr=errors,
                start_new_session=True,
                cwd="/",  # python -m looks there first
            )
        assert runner.stdin is not None
        runner.stdin.write(stdin)
        runner.stdin.close()
        self.runners.append(runner)
        return runner

    def run(self, stdin: bytes = b"", **env: str) -> int:
        """A runner from its start to its end."""
        return self.start(stdin, **env).wait(PATIENCE_S)

    def facts(self) -> list[Event | Row]:
        path = self.folder / "runner.jsonl"
        data = path.read_bytes() if path.exists() else b""
        found = [decode(line, Segment.RUNNER) for line, _ in Lines().feed(data)]
        return [fact for fact in found if fact is not None]

    def said(self, name: str) -> list[Any]:
        return [fact for fact in self.facts() if getattr(fact, "name", "") == name]

    def names(self, *but: str) -> list[str]:
        """What was said, without what is said all the time."""
        left_out = {"beat", "grew", "pulsed", "gpus_found", *but}
        return [f.name for f in self.facts() if isinstance(f, Event) and f.name not in left_out]

    def trainer(self) -> Identity | None:
        return records.read_pid(str(self.folder / "trainer.pid"))

    def console(self) -> bytes:
        path = self.folder / "console.log"
        return path.read_bytes() if path.exists() else b""

    def order(self, kind: str, number: str = "o1", **more: str) -> None:
        orders = self.folder / "orders"
        orders.mkdir(exist_ok=True)
        hidden = orders / ".hidden"
        body = {"id": number, "kind": kind, "by": "ann", "t": time.time(), **more}
        hidden.write_text(json.dumps(body))
        hidden.rename(orders / f"{number}.json")

    def clear(self) -> None:
        """End whatever this test started, by identity."""
        trainer = self.trainer()
        nurse = records.read_nurse(str(self.folder / "trainer.pid"))
        for runner in self.runners:
            runner.kill()
            runner.wait()
        for one in (trainer, nurse):
            if one is not None:
                procs.signal(one, signal.SIGKILL)
        for stat in list(procs.everything()):
            mark = f"COCKPIT_RUN={RUN}".encode()
            events = f"COCKPIT_EVENTS={self.folder}/trainer.jsonl".encode()
            found = procs.environment(stat.pid)
            if mark in found and events in found:
                procs.signal(Identity(stat.pid, stat.start, procs.boot_id()), signal.SIGKILL)


@contextmanager
def attempt(home: Path, argv: list[str], build: Path = ROOT, **job: Any) -> Iterator[Attempt]:
    made = Attempt(home, argv, build, **job)
    try:
        yield made
    finally:
        made.clear()


def until(seen: Callable[[], Any], what: str, within: float = PATIENCE_S) -> Any:
    """Wait for something that must come; its value."""
    end = time.monotonic() + within
    while time.monotonic() < end:
        found = seen()
        if found:
            return found
        time.sleep(0.02)
    raise AssertionError(f"never came: {what}")


Fault = tuple[str, str, str]
"""A file of the engine, what stands in it once, and what stands there instead."""


def broken(home: Path, *faults: Fault) -> Path:
    """Another tree of the engine with deliberate faults in it."""
    build = home / "broken"
    shutil.copytree(ROOT / "engine", build / "engine", ignore=shutil.ignore_patterns("__pycache__"))
    for file, old, new in faults:
        path = build / "engine" / file
        text = path.read_text()
        assert text.count(old) == 1, f"the fault no longer fits {file}"
        path.write_text(text.replace(old, new))
    return build


def python(code: str) -> list[str]:
    return [PYTHON, "-S", "-c", code]


def shell(code: str) -> list[str]:
    return ["/bin/sh", "-c", code]


def ready(one: Attempt, word: bytes = b"ready") -> Identity:
    one.start()
    until(lambda: word in one.console(), "a trainer that is ready")
    trainer = one.trainer()
    assert trainer is not None
    return trainer


def signals(one: Attempt) -> list[str]:
    return [said.signal for said in one.said("signalled")]
