"""Miniatures of the three language models' profiles, killed at random moments and gone on with as a user would.

Each is launched by the engine as it stands, in a project of its own. The trainer, or a rank beside it, is killed
without warning; the run goes on by `engine resume @`, or by its keeper where the profile recovers by itself. Whatever
was told and made must then be, number for number and byte for byte, what a run that nobody touched tells and makes.
"""

from __future__ import annotations

import itertools
import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from engine import procs
from engine.identity import Identity
from engine.profile import load
from engine.reader import RunReader
from engine.runs import Run
from tests.engine.train import miniature, trainer
from tests.engine.train.sameness import Drift, compare, curve, weights
from tests.soak.outcome import Outcome

ROOT = Path(__file__).parents[2]
PROFILES = Path(__file__).parent / "miniatures"
NAMES = ("elson", "london", "cli-tuner")
START_S = 12.0
"""About what a trainer needs before its first step: kills are aimed at that time too."""
END_S = 300.0
"""Without any progress for so long, a run is stuck."""


AT_ONCE = 2
FEW = 10
"""Kills up to which a miniature goes on in one way only."""


@dataclass(frozen=True)
class Fate:
    """What is in store for one miniature."""

    kills: int
    seed: int
    number: int


@dataclass(frozen=True)
class Way:
    """How a killed run goes on."""

    name: str
    sets: tuple[str, ...]


RESUMED = Way("engine resume @", ("recover.attempts=0",))
RECOVERED = Way("its keeper", ("recover.attempts=1000", "recover.backoff_s=0.05"))


def project(folder: Path) -> Path:
    """The files that the miniatures name, below a folder that is made once."""
    miniature.base(folder / "base")
    for number, phase in enumerate("ABC"):
        miniature.instructions(folder / f"{phase}.jsonl", 12 + 5 * number)
    text = miniature.TEXT.read_text()
    (folder / "london.txt").write_text(text[:60_000])
    (folder / "tokenizer.json").write_bytes((folder / "base" / "tokenizer.json").read_bytes())
    tales = [tale for tale in text.split("\n\n\n") if tale.strip()]
    for name, some in (("train", tales[:60]), ("val", tales[60:68])):
        rows = (json.dumps({"text": tale[:240]}) + "\n" for tale in some)
        (folder / f"{name}.jsonl").write_text("".join(rows))
    return folder


class Training:
    """One run of a miniature, killed so many times."""

    def __init__(self, place: Path, build: Path, name: str, way: Way) -> None:
        self.place, self.build, self.way = place, build, way
        # `@` is the newest run of a home, so each has a home of its own
        self.home = place / f"home-{name}{'-alone' if way is RECOVERED else ''}"
        self.home.mkdir(exist_ok=True)
        profile = str(PROFILES / f"{name}.toml")
        sets = [word for each in way.sets for word in ("--set", each)]
        self.run = Run(self.home / "logs" / self.engine("launch", profile, *sets).strip())
        self.reader = RunReader(self.run)

    def engine(self, *words: str) -> str:
        # `-m` looks in the working folder first: it must not hold another engine
        done = subprocess.run(
            [sys.executable, "-m", "engine.cli", *words],
            env={**self.env(), "PYTHONPATH": str(self.build)},
            cwd=self.place,
            capture_output=True,
            text=True,
            timeout=END_S,
        )
        if done.returncode:
            raise AssertionError(f"engine {' '.join(words)}: {done.stderr}")
        return done.stdout

    def env(self) -> dict[str, str]:
        return {**os.environ, "COCKPIT_HOME": str(self.home), "HF_HUB_OFFLINE": "1"}

    @property
    def attempts(self) -> int:
        return len(self.reader.poll().attempts)

    def told(self) -> list[trainer.Ended]:
        """What each attempt left behind."""
        found = []
        for number in range(1, self.attempts + 1):
            folder = self.run.attempt(number).folder
            rows, events = trainer.read(folder / "trainer.jsonl")
            console = folder / "console.log"
            found.append(
                trainer.Ended(0, rows, events, console.read_text() if console.exists() else "")
            )
        return found

    def finished(self) -> bool:
        return any(event["e"] == "finished" for ended in self.told() for event in ended.events)

    def safe(self) -> bool:
        """There is a checkpoint to go on from."""
        return any(event["e"] == "saved" for ended in self.told() for event in ended.events)

    def family(self) -> list[Identity]:
        """The living trainer and the ranks that it started."""
        last = self.reader.poll().last
        if last is None:
            return []
        with suppress(OSError, ValueError, KeyError):
            told = json.loads((self.run.attempt(last.number).folder / "trainer.pid").read_bytes())
            first = Identity(told["pid"], told["start"], told["boot"])
            if procs.alive(first):
                return [first, *_children(first.pid)]
        return []

    def ripe(self, attempt: int, rows: int) -> bool:
        """That attempt lives and has told so many rows, and what is killed now can go on."""
        if self.way is RESUMED and not self.safe():
            return False
        told = self.told()
        return bool(self.family()) and len(told) >= attempt and len(told[-1].rows) >= rows

    def ended(self) -> bool:
        """The newest attempt's runner has written how it ended."""
        last = self.reader.poll().last
        return last is not None and last.facts.runner.exit is not None

    def left(self) -> bool:
        """It has finished, its keeper has closed it and is gone: nothing of it is alive."""
        facts = self.reader.poll().keeper
        said = facts.keeper
        kept = said is not None and procs.alive(Identity(said.pid, said.start, said.boot))
        return self.finished() and self.ended() and facts.closed is not None and not kept

    def go_on(self) -> None:
        """A further attempt after the one that was killed."""
        if self.way is RESUMED and not self.finished():
            self.engine("resume", "@")

    def faults(self, whole: trainer.Ended, wanted: str) -> Iterator[str]:
        """Where the run is not the one that nobody touched."""
        attempts = self.told()
        spoke = [ended for ended in attempts if any(e["e"] == "planned" for e in ended.events)]
        starts = [_start(ended) for ended in spoke]
        safe = 0
        for ended, start in zip(spoke, starts, strict=True):
            if start < safe:
                yield f"went on at step {start} though step {safe} was saved"
            safe = max([safe, *(e["step"] for e in ended.events if e["e"] == "saved")])
        try:
            compare(whole, spoke, starts)
        except (Drift, KeyError) as drift:
            yield f"not the same run: {drift}"
        if weights(self.run.folder / "checkpoints") != wanted:
            yield "the weights at the end are others"
        for ended in attempts:
            if "Traceback" in ended.console:
                yield "a traceback was printed"


def _start(ended: trainer.Ended) -> int:
    return next((e.get("start_step") or 0 for e in ended.events if e["e"] == "planned"), 0)


def _children(pid: int) -> list[Identity]:
    found = []
    with suppress(OSError):
        for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
            child = procs.identify(int(word))
            command = Path(f"/proc/{word}/cmdline").read_bytes()
            if child is not None and b"engine.train" in command:
                found.append(child)
    return found


def run(
    kills: int, seed: int, place: Path, names: tuple[str, ...] = NAMES, build: Path = ROOT
) -> Outcome:
    """Kill every miniature so many times, half of them in each way of going on, and compare."""
    outcome = Outcome("trainings", seed)
    project(place)
    with ThreadPoolExecutor(AT_ONCE) as several:
        found = [
            several.submit(_one, Fate(kills, seed + number, number), place, name, build)
            for number, name in enumerate(names)
        ]
        for each in found:
            outcome.totals += each.result().totals
            outcome.violations += each.result().violations
    return outcome


def _one(fate: Fate, place: Path, name: str, build: Path) -> Outcome:
    """One miniature: as it is, and then killed, run after run until it was killed so often."""
    dice, outcome = random.Random(fate.seed), Outcome(name, fate.seed)
    whole = alone(place, name)
    wanted = weights(place / f"whole-{name}")
    ways = (RESUMED, RECOVERED) if fate.kills > FEW else ((RESUMED, RECOVERED)[fate.number % 2],)
    for way in itertools.islice(itertools.cycle(ways), len(ways) * fate.kills):
        held = Training(place, build, name, way)
        left = fate.kills - outcome.totals["kills"]
        follow(held, len(curve(whole.rows)), -(-left // len(ways)), dice, outcome)
        outcome.totals["runs"] += 1
        outcome.totals["attempts"] += held.attempts
        told = [f"{held.run.id}, {way.name}: {fault}" for fault in held.faults(whole, wanted)]
        outcome.violations += told
        if outcome.totals["kills"] >= fate.kills and outcome.totals["runs"] >= len(ways):
            break
    return outcome


def alone(place: Path, name: str) -> trainer.Ended:
    """The miniature as it is when nobody touches it."""
    frozen = place / f"{name}.json"
    frozen.write_bytes(load(PROFILES / f"{name}.toml").canonical())
    where = trainer.Where(out=place / f"whole-{name}", cwd=place)
    ended = trainer.train(place / f"log-{name}", frozen, where=where)
    if ended.status:
        raise AssertionError(ended.console)
    return ended


def follow(held: Training, rows: int, kills: int, dice: random.Random, outcome: Outcome) -> None:
    """Through so many kills to its end."""
    for _ in range(kills):
        if not _killed(held, rows, dice, outcome):
            break
        _patiently(held, lambda: held.ended() or bool(held.finished()))
        seen = held.attempts
        held.go_on()
        _patiently(held, lambda seen=seen: held.attempts > seen or held.finished())
    _patiently(held, held.left)


def _killed(held: Training, rows: int, dice: random.Random, outcome: Outcome) -> bool:
    """Kill at a moment aimed at: so many rows into this attempt, or while it starts. False: it had finished."""
    aim = 0 if dice.random() < 0.25 else dice.randint(1, max(1, rows // 3))
    if aim == 0:
        time.sleep(dice.uniform(0.0, START_S))
    _patiently(held, lambda: held.attempts > 0)
    attempt = held.attempts
    _patiently(held, lambda: held.ripe(attempt, aim) or held.finished())
    time.sleep(dice.uniform(0.0, 0.3))
    family = held.family()
    if not family:
        return not held.finished()
    victim = dice.choice(family)
    if procs.signal(victim, signal.SIGKILL):
        outcome.totals["kills"] += 1
        outcome.totals["ranks killed"] += victim != family[0]
    return True


def _patiently(held: Training, there: Callable[[], bool]) -> None:
    """Until it is there; a run that makes no progress in the meantime is an error."""
    since, seen = time.monotonic(), -1
    while not there():
        now = sum(len(ended.rows) + len(ended.events) for ended in held.told())
        if now != seen:
            since, seen = time.monotonic(), now
        if time.monotonic() - since > END_S:
            raise AssertionError(
                f"{held.run.id} makes no progress: {held.told()[-1].console[-2000:]}"
            )
        time.sleep(0.05)
