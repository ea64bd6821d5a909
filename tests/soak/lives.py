"""SIGKILL of trainer, nurse, runner and keeper at random moments of real runs.

Afterwards every run must have ended as it was meant to, with no row lost or doubled, one exit per attempt, never two
trainers at once, and no word that was untrue when it was said. `build` names another tree of the engine to run: a
deliberately broken one must be caught.
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
from contextlib import suppress
from pathlib import Path

from engine import procs
from engine.alarms import Thresholds
from engine.identity import Identity
from engine.reader import RunReader
from engine.runs import Run
from engine.state import State, Verdict, judge
from tests.soak.journals import faults
from tests.soak.outcome import Outcome

ROOT = Path(__file__).parents[2]
TRAINER = ROOT / "tests" / "support" / "trainer.py"
AT_ONCE = 4
STEPS = 60
WEIGHTS = {"keeper": 1, "runner": 4, "trainer": 4, "nurse": 3}
"""A keeper is there from the first moment to the last, the others only in between."""
END_S = 60.0
"""A run that was told to end, or has no more to do, must stand within this time."""

PROFILE = """
name = "lives"
recipe = "command"
[command]
argv = ["{python}", "{trainer}", "--out", "{out}", "--steps", "{steps}", "--gap", "0.03", "--every", "7"]
resume = ["--resume", "{{path}}"]
[log]
beat_s = 0.5
[limits]
grace_s = 2
[recover]
attempts = 1000
on = ["crash", "lost"]
backoff_s = 0.05
"""


class Life:
    """One run, its victims, and what was seen of it."""

    def __init__(self, home: Path, build: Path, number: int) -> None:
        self.home, self.build = home, build
        self.out = home / f"out{number}"
        profile = home / f"lives{number}.toml"
        profile.write_text(
            PROFILE.format(python=sys.executable, trainer=TRAINER, out=self.out, steps=STEPS)
        )
        told = self._python("-m", "engine.cli", "launch", str(profile))
        self.run = Run(home / "logs" / told.strip())
        self.reader = RunReader(self.run)
        self.stopping = False
        self.since = time.monotonic()

    def _python(self, *words: str) -> str:
        # `-m` looks in the working folder first: it must not hold another engine.
        done = subprocess.run(
            [sys.executable, *words],
            env=self.env(),
            cwd=self.home,
            capture_output=True,
            text=True,
            timeout=60,
        )
        if done.returncode:
            raise AssertionError(f"{words}: {done.stderr}")
        return done.stdout

    def env(self) -> dict[str, str]:
        return {**os.environ, "PYTHONPATH": str(self.build), "COCKPIT_HOME": str(self.home)}

    def keep(self) -> None:
        """What any verb does that finds the run without a keeper."""
        view = self.reader.poll()
        said = view.keeper.keeper
        if said is None or not procs.alive(Identity(said.pid, said.start, said.boot)):
            with (self.home / "keepers.err").open("ab") as errors:
                subprocess.Popen(
                    [sys.executable, "-m", "engine.keeper", str(self.run.folder)],
                    env=self.env(),
                    cwd=self.home,
                    start_new_session=True,
                    stdin=subprocess.DEVNULL,
                    stdout=errors,
                    stderr=errors,
                )

    def stop(self) -> None:
        self._python("-m", "engine.cli", "stop", self.run.id)
        self.stopping, self.since = True, time.monotonic()

    def verdict(self) -> Verdict:
        return judge(self.reader.frame(), Thresholds())

    def victims(self) -> Iterator[tuple[str, Identity]]:
        """Whoever of the family lives now, by what their files and events say."""
        facts = self.reader.poll()
        if facts.keeper.keeper is not None:
            said = facts.keeper.keeper
            yield "keeper", Identity(said.pid, said.start, said.boot)
        last = facts.last
        if last is None or last.facts.runner.exit is not None:
            return
        if last.facts.runner.runner is not None:
            runner = last.facts.runner.runner
            yield "runner", Identity(runner.pid, runner.start, runner.boot)
        trainer = self.trainer(last.number)
        if trainer is not None:
            yield "trainer", trainer
            nurse = procs.stat(trainer.pid)
            found = procs.identify(nurse.parent) if nurse and nurse.parent > 1 else None
            if found is not None and _command(found.pid) != "engine.keeper":
                yield "nurse", found

    def trainer(self, attempt: int) -> Identity | None:
        with suppress(OSError, ValueError, KeyError):
            told = json.loads((self.run.attempt(attempt).folder / "trainer.pid").read_bytes())
            found = Identity(told["pid"], told["start"], told["boot"])
            return found if procs.alive(found) else None
        return None


def _command(pid: int) -> str:
    with suppress(OSError):
        words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
        return next((word.decode() for word in words if word.startswith(b"engine.")), "")
    return ""


def run(kills: int, seed: int, home: Path, build: Path = ROOT) -> Outcome:
    """Kill so many processes, then let every run come to its end and look at what is left."""
    dice, outcome = random.Random(seed), Outcome("lives", seed)
    alive: list[Life] = []
    finished: list[Life] = []
    while outcome.totals["kills"] < kills or alive:
        while len(alive) < AT_ONCE and outcome.totals["kills"] < kills:
            alive.append(Life(home, build, len(alive) + len(finished)))
        for life in list(alive):
            _visit(life, dice, outcome, kills)
            if _over(life, outcome):
                alive.remove(life)
                finished.append(life)
        time.sleep(dice.uniform(0.0, 0.15))
    for life in finished:
        outcome.totals["runs"] += 1
        outcome.violations += [f"{life.run.id}: {fault}" for fault in faults(life.run, life.out)]
    return outcome


def _visit(life: Life, dice: random.Random, outcome: Outcome, kills: int) -> None:
    if outcome.totals["kills"] < kills and dice.random() < 0.5:
        victims = list(life.victims())
        if victims:
            weights = [WEIGHTS[name] for name, _ in victims]
            [(name, who)] = dice.choices(victims, weights)
            if procs.signal(who, signal.SIGKILL):
                outcome.totals["kills"] += 1
                outcome.totals[f"{name}s killed"] += 1
    elif not life.stopping and dice.random() < 0.01:
        life.stop()
        outcome.totals["stops"] += 1
    life.keep()


def _over(life: Life, outcome: Outcome) -> bool:
    verdict = life.verdict()
    last = life.reader.poll().last
    running = life.trainer(last.number) if last else None
    if verdict.final:
        if running is not None:
            outcome.violations.append(f"{life.run.id}: said {verdict.word} while its trainer ran")
        right = (State.DONE, State.STOPPED) if life.stopping else (State.DONE,)
        if verdict.state not in right:
            outcome.violations.append(f"{life.run.id}: ended as {verdict.word}: {verdict.reason}")
        return True
    if life.stopping and time.monotonic() - life.since > END_S:
        outcome.violations.append(f"{life.run.id}: could not be stopped, says {verdict.word}")
        return True
    return False
