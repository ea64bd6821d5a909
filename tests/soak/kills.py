"""SIGKILL of runner, nurse and trainer at random moments of attempts without a keeper: faster and closer than lives.

A runner is started again until it says that the end is recorded, as a keeper would. What an attempt's files then hold
must agree with what was really done to it.
"""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from engine import procs
from engine.identity import Identity
from engine.runner import records
from tests.soak.outcome import Outcome

ROOT = Path(__file__).parents[2]
TRAINER = ROOT / "tests" / "support" / "trainer.py"
AT_ONCE = 4
STEPS = 40
EXIT = 5
"""What a trainer that nobody disturbed ends with; after a stop it is 143."""
END_S = 120.0
MOST = 8
"""Kills of one attempt, so that many attempts come to their end."""
LATEST_S = 1.5
"""From a runner's start to the kill: as long as it takes to begin, to start or adopt, and to watch for a while."""
ONCE = ("started", "exited", "start_failed")
WEIGHTS = {"runner": 6, "nurse": 2, "trainer": 2}


class Trial:
    """One attempt, its runners, and what was done to it."""

    def __init__(self, home: Path, build: Path, number: int, dice: random.Random) -> None:
        self.run = home / f"trial-20261121-{number:06d}-abcd"
        self.folder, self.out, self.build = self.run / "attempts" / "1", self.run / "out", build
        (self.folder / "orders").mkdir(parents=True)
        words = [
            "--out",
            str(self.out),
            "--steps",
            str(STEPS),
            "--gap",
            "0.03",
            "--exit",
            str(EXIT),
        ]
        job = {"run": self.run.name, "attempt": 1, "cwd": str(home), "grace_s": 5, "beat_s": 0.2}
        job["argv"] = [sys.executable, "-S", str(TRAINER), *words]
        (self.folder / "job.json").write_text(json.dumps(job))
        self.killed: set[str] = set()
        self.stopped = False
        self.seen = b""
        self.since = time.monotonic()
        self._dice, self.left = dice, dice.randint(1, MOST)
        self.runner = self._start()

    def _start(self) -> subprocess.Popen[bytes]:
        self.due = time.monotonic() + self._dice.uniform(0.0, LATEST_S)
        with (self.folder / "runner.err").open("ab") as errors:
            return subprocess.Popen(
                [sys.executable, "-S", "-B", "-m", "engine.runner", str(self.folder)],
                env={**os.environ, "PYTHONPATH": str(self.build)},
                cwd="/",
                stdin=subprocess.DEVNULL,
                stdout=errors,
                stderr=errors,
                start_new_session=True,
            )

    def over(self) -> bool:
        """The runner is done; one that was killed is replaced."""
        code = self.runner.poll()
        if code is None:
            return False
        if code == 0:
            return True
        self.runner = self._start()
        return False

    def victim(self, name: str) -> Identity | None:
        pid = str(self.folder / "trainer.pid")
        if name == "runner":
            return procs.identify(self.runner.pid)
        return records.read_nurse(pid) if name == "nurse" else records.read_pid(pid)

    def kill(self) -> str | None:
        """One of the three; the name of whom it hit."""
        self.due = time.monotonic() + self._dice.uniform(0.0, LATEST_S)
        name = self._dice.choices(list(WEIGHTS), list(WEIGHTS.values()))[0]
        who = self.victim(name)
        self.seen = self.journal()
        if who is None or not procs.signal(who, signal.SIGKILL):
            return None
        self.killed.add(name)
        self.left -= 1
        return name

    def stop(self) -> None:
        order = self.folder / "orders" / "end.json"
        hidden = order.with_name(".end")
        hidden.write_text(json.dumps({"id": "end", "kind": "stop", "by": "soak"}))
        hidden.rename(order)
        self.stopped = True

    def journal(self, name: str = "runner.jsonl") -> bytes:
        path = self.folder / name
        return path.read_bytes() if path.exists() else b""

    def faults(self) -> Iterator[str]:
        """What is wrong with the files, each as a sentence."""
        journal = self.journal()
        if not journal.startswith(self.seen):
            yield "facts that were there before a kill are gone or changed"
        events = _lines(journal)
        names = [event.get("e") for event in events]
        for name in ONCE:
            if names.count(name) > 1:
                yield f"{name} is there {names.count(name)} times"
        if names.count("exited") != 1:
            yield f"{names.count('exited')} exits"
        if names.count("ordered") > 1:
            yield "an order was taken up twice"
        if (self.out / "DOUBLE").exists():
            yield "two trainers ran at once"
        rows = _lines(self.journal("trainer.jsonl"))
        trainers = sum(row.get("e") == "planned" for row in rows)
        if trainers > 1 or (trainers == 0 and not self.stopped and "trainer" not in self.killed):
            yield f"{trainers} trainers ran"
        steps = [row["step"] for row in rows if "e" not in row]
        if steps != list(range(1, len(steps) + 1)):
            yield "rows are lost or doubled"
        for event in events:
            if event.get("e") == "exited":
                yield from self._untrue(event)

    def _untrue(self, ended: dict[str, Any]) -> Iterator[str]:
        code, number = ended.get("code"), ended.get("signal")
        known = {(EXIT, None)}
        if self.stopped:
            known |= {(143, None), (None, signal.SIGTERM)}
        if "trainer" in self.killed:
            known |= {(None, signal.SIGKILL)}
        if "nurse" in self.killed:
            known |= {(None, None)}
        if (code, number) not in known:
            yield f"it ended with code {code} and signal {number}, which nobody did"


def _lines(data: bytes) -> list[dict[str, Any]]:
    found = []
    for line in data.split(b"\n"):
        try:
            value = json.loads(line)
        except ValueError:
            continue
        if isinstance(value, dict):
            found.append(value)
    return found


def run(kills: int, seed: int, home: Path, build: Path = ROOT) -> Outcome:
    """Kill so many processes, then let every attempt come to its end and look at what is left."""
    dice, outcome = random.Random(seed), Outcome("kills", seed)
    alive: list[Trial] = []
    count = 0
    while outcome.totals["kills"] < kills or alive:
        while len(alive) < AT_ONCE and outcome.totals["kills"] < kills:
            alive.append(Trial(home, build, count, dice))
            count += 1
        for trial in list(alive):
            if _visit(trial, dice, outcome, kills):
                alive.remove(trial)
        time.sleep(0.005)
    return outcome


def _visit(trial: Trial, dice: random.Random, outcome: Outcome, kills: int) -> bool:
    """True when this attempt has come to its end."""
    if trial.over():
        outcome.totals["attempts"] += 1
        outcome.violations += [f"{trial.run.name}: {fault}" for fault in trial.faults()]
        return True
    if trial.left and outcome.totals["kills"] < kills and time.monotonic() >= trial.due:
        name = trial.kill()
        if name is not None:
            outcome.totals["kills"] += 1
            outcome.totals[f"{name}s killed"] += 1
    elif not trial.stopped and dice.random() < 0.0005:
        trial.stop()
        outcome.totals["stops"] += 1
    if time.monotonic() - trial.since > END_S:
        outcome.violations.append(f"{trial.run.name}: never came to its end")
        trial.runner.kill()
        return True
    return False
