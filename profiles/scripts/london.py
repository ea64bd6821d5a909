"""Stands for helloLondon's trainer: nanoGPT lines through a logger, and a resume that does not resume.

A checkpoint's name is not found and the training starts over; a checkpoint's path loads the weights and counts from 0.
Either way its own clean-up then deletes the older, better checkpoints. All of it is what the real script does.
"""

from __future__ import annotations

import argparse
import logging
import math
import pickle
import time
import zipfile
from pathlib import Path

say = logging.getLogger("train")


def listen(log: Path) -> None:
    log.parent.mkdir(parents=True, exist_ok=True)
    logging.basicConfig(
        level=logging.INFO,
        format="%(asctime)s - %(levelname)s - %(message)s",
        handlers=[logging.FileHandler(log), logging.StreamHandler()],
    )


def resume(name: str | None, out: Path) -> int:
    """The weights' step, which the loop below forgets."""
    if name is None:
        return 0
    path = Path(name)
    if not path.exists():
        say.error("Checkpoint file not found: %s", name)
        return 0
    say.info("Resuming from checkpoint: %s", path)
    say.info("Model state loaded successfully")
    step = int(path.stem.partition("-")[2])
    say.info("Resuming from iteration: %d", step)
    return step


def save(out: Path, step: int, final: bool = False) -> None:
    path = out / f"checkpoint-{step}.pt"
    say.info("Saving %scheckpoint to %s", "final " if final else "", path)
    with zipfile.ZipFile(path, "w") as archive:  # as torch writes one: an index, and its version
        archive.writestr(f"{path.stem}/data.pkl", pickle.dumps({"iter_num": step}))
        archive.writestr(f"{path.stem}/version", "3\n")
    kept = sorted(out.glob("checkpoint-*.pt"), key=lambda one: one.stat().st_mtime_ns)
    for old in kept[:-3]:
        old.unlink()
        say.info("Deleted old checkpoint: %s", old.name)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--out_dir", type=Path, required=True)
    parser.add_argument("--max_iters", type=int, default=200)
    parser.add_argument("--eval_every", type=int, default=20)
    parser.add_argument("--resume_from_checkpoint")
    parser.add_argument("--pause", type=float, default=0.02)
    options = parser.parse_args()
    listen(options.out_dir / "model_training_simple.log")
    print("num decayed parameter tensors: 50, with 108,761,088 parameters", flush=True)
    say.info("Model initialized with 2,018,624 parameters")
    known = resume(options.resume_from_checkpoint, options.out_dir)
    for step in range(options.max_iters + 1):
        time.sleep(options.pause)
        loss = 3.4 + 6.9 * math.exp(-(step + known) / 80)
        if step and step % options.eval_every == 0:
            say.info("step %d: train loss %.4f, val loss %.4f", step, loss - 0.01, loss + 0.05)
            save(options.out_dir, step)
        if step % 10 == 0:
            mfu = -100.0 if step == 0 else 29.98
            say.info("iter %d: loss %.4f, time %.2fms, mfu %.2f%%", step, loss, 20.0, mfu)
    save(options.out_dir, options.max_iters + 1, final=True)
    say.info("Training completed!")


if __name__ == "__main__":
    main()
