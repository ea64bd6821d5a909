"""A training script that knows nothing of the cockpit: logistic regression, the standard library alone.

It stands for yours: it prints lines, writes checkpoints, continues with --resume, and saves when asked to end.
The same seed gives the same losses on every machine, resumed or not.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import random
import signal
import sys
import time
from operator import mul
from pathlib import Path
from types import FrameType

ROWS, FEATURES, BATCH, RATE = 512, 8, 32, 0.5


class Asked:
    """What signals have asked for since the last step."""

    save = False
    end = False

    def listen(self) -> None:
        signal.signal(signal.SIGTERM, self.heard)
        if hasattr(signal, "SIGUSR1"):
            signal.signal(signal.SIGUSR1, self.heard)

    def heard(self, number: int, frame: FrameType | None) -> None:
        self.save = True
        self.end = self.end or number == signal.SIGTERM


def make_rows(seed: int) -> list[tuple[list[float], int]]:
    """Points of two classes that a plane nearly parts."""
    dice = random.Random(seed)
    plane = [dice.gauss(0, 1) for _ in range(FEATURES)]
    rows = []
    for _ in range(ROWS):
        point = [dice.gauss(0, 1) for _ in range(FEATURES)]
        rows.append((point, int(dot(plane, point) + dice.gauss(0, 0.3) > 0)))
    return rows


def dot(a: list[float], b: list[float]) -> float:
    return sum(map(mul, a, b))


def advance(weights: list[float], batch: list[tuple[list[float], int]]) -> tuple[float, float]:
    """One step of gradient descent, in place; the loss before it and the gradient's norm."""
    loss, gradient = 0.0, [0.0] * FEATURES
    for point, label in batch:
        chance = 1 / (1 + math.exp(-max(-30.0, min(30.0, dot(weights, point)))))
        loss -= math.log(chance if label else 1 - chance)
        for index, value in enumerate(point):
            gradient[index] += (chance - label) * value / len(batch)
    for index, slope in enumerate(gradient):
        weights[index] -= RATE * slope
    return loss / len(batch), math.sqrt(dot(gradient, gradient))


def save(folder: Path, step: int, weights: list[float]) -> None:
    """Written beside and renamed: a checkpoint with its name is whole."""
    folder.mkdir(parents=True, exist_ok=True)
    unfinished = folder / f".step-{step}.json.tmp"
    unfinished.write_text(json.dumps({"step": step, "weights": weights}))
    os.replace(unfinished, folder / f"step-{step}.json")
    print(f"Saving checkpoint to {folder / f'step-{step}.json'}", flush=True)


def train(options: argparse.Namespace, asked: Asked) -> int:
    rows, weights, done = make_rows(options.seed), [0.0] * FEATURES, 0
    if options.resume:
        state = json.loads(Path(options.resume).read_text())
        done, weights = state["step"], state["weights"]
        print(f"Resuming from step {done}", flush=True)
    for step in range(done + 1, options.steps + 1):
        # each step draws by its own number, so a resumed run draws what the whole one would have
        batch = random.Random(f"{options.seed}/{step}").sample(rows, BATCH)
        loss, norm = advance(weights, batch)
        print(
            f"step {step}/{options.steps} loss={loss:.6f} learning_rate={RATE} grad_norm={norm:.6f}",
            flush=True,
        )
        ending = asked.end  # read once: a signal that comes later is the next step's
        if ending or asked.save or step % options.save_every == 0 or step == options.steps:
            asked.save = False
            save(Path(options.out), step, weights)
        if ending:
            print(f"Ending at step {step}, as asked", flush=True)
            return 0
        time.sleep(options.pause)
    print("Training complete", flush=True)
    return 0


def main() -> int:
    parser = argparse.ArgumentParser(description="Fit a logistic regression.")
    parser.add_argument("--steps", type=int, default=60)
    parser.add_argument("--pause", type=float, default=0.02, help="seconds of rest after a step")
    parser.add_argument("--save-every", type=int, default=20)
    parser.add_argument("--out", default="build/fit", help="folder of the checkpoints")
    parser.add_argument("--resume", metavar="FILE", help="continue from a checkpoint")
    parser.add_argument("--seed", type=int, default=7)
    asked = Asked()
    asked.listen()
    return train(parser.parse_args(), asked)


if __name__ == "__main__":
    sys.exit(main())
