"""Training speed beside transformers' Trainer, TRL's SFTTrainer and PEFT's DoRA: tokens per CPU-second.

Trainers take turns, step by step, each in a process of its own (`rivals`); a ratio is the median over the turns, with
its quartiles beside it. CPU-seconds, because other work on the machine weighs on all alike. Losses are compared
without dropout, whose draws are everyone's own, with a plain loop over transformers' model and PEFT's adapters.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, replace

from tests.bench import peers
from tests.bench.figures import Figure, is_full
from tests.bench.measure import ROOT
from tests.bench.rivals import SHAPES, Contest

WARM, TURNS, FULL_TURNS = 2, 6, 20
CHECK = Contest("full", rate=1e-3, rows=1, length=64, steps=8)
METHODS = {
    "full": Contest("full"),
    "lora": Contest("lora", dropout=0.05),
    "qlora": Contest("lora", 4, 0.05),
    "dora": Contest("dora", dropout=0.05),
    "qdora": Contest("dora", 4, 0.05),
}
PROMISED = {"transformers": ">= 1.05x", "trl": ">= 1.3x", "peft": ">= 1.5x"}
NAMES = {"transformers": "Trainer", "trl": "SFTTrainer", "peft": "peft, plain loop"}


class Silence(Exception):
    """A trainer ended without an answer; its last words."""


class Rival:
    """One trainer's process, from this side."""

    def __init__(self, who: str, family: str, python: str) -> None:
        self.who, self._words = who, tempfile.TemporaryFile("w+")
        argv = [python, "-m", "tests.bench.rivals", who, family]
        quiet = {"OMP_NUM_THREADS": "1", "HF_HUB_OFFLINE": "1", "PYTHONPATH": str(ROOT)}
        self._child = subprocess.Popen(
            argv, cwd=ROOT, env={**os.environ, **quiet}, text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._words,
        )  # fmt: skip

    def step(self, word: str = "") -> tuple[float, float]:
        """One turn: CPU-seconds and loss. With a contest as its word it is the first step, building included."""
        assert self._child.stdin and self._child.stdout
        try:
            print(word, file=self._child.stdin, flush=True)
        except BrokenPipeError:
            pass
        line = self._child.stdout.readline()
        if not line:
            self._words.seek(0)
            raise Silence((self._words.read().strip().splitlines() or ["nothing was said"])[-1])
        said = json.loads(line)
        return said["cpu_s"], said["loss"]

    def rest(self) -> None:
        """The contest is over: let it put its things away and wait for another."""
        assert self._child.stdin
        print("", file=self._child.stdin, flush=True)

    def close(self) -> None:
        self._child.kill()
        self._child.communicate()
        self._words.close()


def run() -> list[Figure]:
    found: list[Figure] = []
    for family in SHAPES:
        with gathered(family) as rivals:
            for method, contest in METHODS.items():
                found += contested(f"{family} {method}", contest, rivals)
            found.append(apart(family, rivals))
    return found


@contextmanager
def gathered(family: str) -> Iterator[dict[str, Rival]]:
    """The trainers that can be had here, by name; `lora` is ours once more, as the yardstick of DoRA."""
    with ExitStack() as stack:
        rivals: dict[str, Rival] = {}
        for name in ("ours", "lora", "peft", "transformers", "trl"):
            who = "ours" if name == "lora" else name
            try:
                python = peers.python(peers.TRAINERS) if who == "trl" else sys.executable
            except peers.Absent as error:
                print(f"bench: {error}", file=sys.stderr)
                continue
            rivals[name] = Rival(who, family, python)
            stack.callback(rivals[name].close)
        yield rivals


def contested(what: str, contest: Contest, rivals: dict[str, Rival]) -> list[Figure]:
    """Ours against everyone it is promised to beat, in this method."""
    against = ["peft", "lora"] if contest.kind == "dora" else ["transformers", "trl"]
    wanted = {"ours": contest} | {name: contest for name in against if name in rivals}
    if "lora" in wanted:
        wanted["lora"] = replace(contest, kind="lora")
    took = taken_in_turns(wanted, rivals)
    tokens = contest.rows * contest.length
    ours = took["ours"]
    out = []
    for name in against:
        if name not in took:
            out.append(Figure(what, None, "tok/CPU-s", note=f"{NAMES[name]} cannot be had here"))
        elif name == "lora":
            ratios = [a / b for a, b in zip(ours, took[name], strict=True)]
            value = statistics.median(ratios)
            out.append(Figure(f"{what}, time of {'q' * bool(contest.bits)}lora", value, "x", target="<= 1.15x",
                              note=spread(ratios)))  # fmt: skip
        else:
            ratios = [b / a for a, b in zip(ours, took[name], strict=True)]
            out.append(
                Figure(
                    what, tokens / statistics.median(ours), "tok/CPU-s", NAMES[name],
                    tokens / statistics.median(took[name]), statistics.median(ratios), PROMISED[name],
                    spread(ratios),
                )
            )  # fmt: skip
    return out


def taken_in_turns(wanted: dict[str, Contest], rivals: dict[str, Rival]) -> dict[str, list[float]]:
    """CPU-seconds of each timed step of each trainer; who begins changes from turn to turn."""
    turns = FULL_TURNS if is_full() else TURNS
    took: dict[str, list[float]] = {name: [] for name in wanted}
    for turn in range(WARM + turns):
        names = list(wanted)
        for name in names[turn % len(names) :] + names[: turn % len(names)]:
            told = replace(wanted[name], steps=WARM + turns)
            cpu_s, _ = rivals[name].step("" if turn else json.dumps(asdict(told)))
            if turn >= WARM:
                took[name].append(cpu_s)
    for name in wanted:
        rivals[name].rest()
    return took


def apart(family: str, rivals: dict[str, Rival]) -> Figure:
    """The largest difference of any loss of any method from the reference's."""
    worst, where = 0.0, ""
    for method, contest in METHODS.items():
        told = replace(CHECK, kind=contest.kind, bits=contest.bits)
        for step in range(told.steps):
            word = "" if step else json.dumps(asdict(told))
            gap = abs(rivals["ours"].step(word)[1] - rivals["peft"].step(word)[1])
            if gap >= worst:
                worst, where = gap, f"{method}, step {step + 1} of {told.steps}"
        for name in ("ours", "peft"):
            rivals[name].rest()
    return Figure(f"{family} losses apart", worst, "nat", target="<= 1e-4", note=f"most in {where}")


def spread(ratios: list[float]) -> str:
    low, _, high = statistics.quantiles(ratios, n=4)
    return f"quartiles {low:.2f} to {high:.2f} of {len(ratios)} pairs"
