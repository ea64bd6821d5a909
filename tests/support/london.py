"""A stand-in for a trainer that people run: nanoGPT's lines and files, and the ways in which it does not resume.

By a name it logs one ERROR and trains from scratch; by itself it finds nothing and says nothing; by a path it loads all
and then sets its counter back to 0. Its clean-up deletes all but the three newest files. Standard library alone.
"""

from __future__ import annotations

import argparse
import io
import logging
import math
import os
import pickle
import random
import time
import zipfile
from pathlib import Path

log = logging.getLogger("trainer")


class Trainer:
    def __init__(self, args: argparse.Namespace) -> None:
        self.args = args
        self.weights = [random.Random(i).uniform(2.0, 3.0) for i in range(8)]
        self.momentum = [0.0] * 8
        self.start_iter = 0

    def resume(self, name: str) -> None:
        try:
            checkpoint = self.load(Path(name))
        except FileNotFoundError:
            log.error(f"Checkpoint file not found: {name}")
        else:
            log.info(f"Resuming from checkpoint: {name}")
            self.weights, self.momentum = checkpoint["model"], checkpoint["optimizer"]
            self.start_iter = checkpoint["iter_num"]
            log.info(f"Resuming from iteration: {self.start_iter}")
            # the counter that was just read is lost here
            self.start_iter = 0

    def step(self, it: int) -> float:
        noise = random.Random(it)
        rate = self.rate(it)
        loss = 1.0 + sum(w * w for w in self.weights) / 8
        for i, w in enumerate(self.weights):
            self.momentum[i] = 0.9 * self.momentum[i] + w / 4 + noise.gauss(0, 0.01)
            self.weights[i] = w - rate * self.momentum[i]
        return loss

    def rate(self, it: int) -> float:
        return 0.02 * (0.5 + 0.5 * math.cos(math.pi * min(it / self.args.max_iters, 1.0)))

    def train(self) -> None:
        for it in range(self.start_iter, self.args.max_iters):
            if it % self.args.save_every == 0 and it > self.start_iter:
                self.save(it)
            began = time.perf_counter()
            loss = self.step(it)
            time.sleep(self.args.pause)
            if it % self.args.log_every == 0 and it - self.start_iter >= self.args.quiet:
                spent = (time.perf_counter() - began) * 1000
                log.info(f"iter {it}: loss {loss:.4f}, time {spent:.2f}ms, mfu -100.00%")
        self.save(self.args.max_iters)
        log.info("Training completed!")

    def save(self, it: int) -> None:
        """In place, as `torch.save` does."""
        path = self.args.out / f"checkpoint-{it}.pt"
        log.info(f"Saving checkpoint to {path}")
        state = {"model": self.weights, "optimizer": self.momentum, "iter_num": it}
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr(f"checkpoint-{it}/data.pkl", pickle.dumps(state))
            archive.writestr(f"checkpoint-{it}/data/0", os.urandom(self.args.ballast))
        kept = sorted(self.args.out.glob("checkpoint-*.pt"), key=lambda p: p.stat().st_mtime_ns)
        for old in kept[: -self.args.keep]:
            old.unlink()
            log.info(f"Deleted old checkpoint: {old.name}")

    @staticmethod
    def load(path: Path) -> dict[str, object]:
        with zipfile.ZipFile(io.BytesIO(path.read_bytes())) as archive:
            name = next(name for name in archive.namelist() if name.endswith("data.pkl"))
            return pickle.loads(archive.read(name))


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--resume_from_checkpoint")
    parser.add_argument("--out", type=Path, default=Path("out"))
    parser.add_argument("--max_iters", type=int, default=200)
    parser.add_argument("--log_every", type=int, default=10)
    parser.add_argument("--save_every", type=int, default=20)
    parser.add_argument("--quiet", type=int, default=0, help="iterations before the first line")
    parser.add_argument("--keep", type=int, default=3)
    parser.add_argument("--pause", type=float, default=0.01)
    parser.add_argument("--ballast", type=int, default=100_000)
    args = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s - %(levelname)s - %(message)s")
    args.out.mkdir(parents=True, exist_ok=True)
    trainer = Trainer(args)
    if args.resume_from_checkpoint:
        trainer.resume(args.resume_from_checkpoint)
    trainer.train()


if __name__ == "__main__":
    main()
