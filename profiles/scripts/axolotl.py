"""Stands for Axolotl on transformers 5: its own log lines, quoted values of four digits, three checkpoints kept.

`--resume-from-checkpoint` is honoured: the bar and the numbers go on at the checkpoint's step.
"""

from __future__ import annotations

import argparse
import math
import shutil
import sys
import time
from pathlib import Path


def bar(step: int, total: int) -> None:
    part = int(10 * step / total)
    drawn = "█" * part + " " * (10 - part)
    sys.stderr.write(
        f"\r{100 * step // total:3d}%|{drawn}| {step}/{total} [00:01<00:07,  1.04s/it]"
    )
    sys.stderr.flush()


def four(number: float) -> str:
    return f"{number:.4g}"


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--steps", type=int, default=60)
    parser.add_argument("--pause", type=float, default=0.02)
    parser.add_argument("--resume-from-checkpoint", type=Path)
    options = parser.parse_args()
    print("[2026-07-24 00:57:42,123] [INFO] [axolotl.train:78] loading tokenizer", flush=True)
    known = options.resume_from_checkpoint
    start = int(known.name.partition("-")[2]) if known else 0
    for step in range(start, options.steps + 1):
        time.sleep(options.pause)
        bar(step, options.steps)
        loss = 0.8 + 3.1 * math.exp(-step / 15)
        if step > start and step % 5 == 0:
            told = {
                "loss": loss,
                "grad_norm": 0.91,
                "learning_rate": 2e-4 * (1 - step / options.steps),
            }
            told |= {
                "ppl": math.exp(loss),
                "memory/max_active (GiB)": 9.1,
                "epoch": step / options.steps,
            }
            sys.stderr.write("\r" + " " * 60 + "\r")
            sys.stderr.flush()
            print({name: four(number) for name, number in told.items()}, flush=True)
            bar(step, options.steps)
        if step > start and step % 10 == 0:
            folder = options.output / f"checkpoint-{step}"
            folder.mkdir(parents=True, exist_ok=True)
            (folder / "adapter_model.safetensors").write_bytes(bytes(64))
            for old in options.output.glob("checkpoint-*"):
                if int(old.name.partition("-")[2]) <= step - 30:
                    shutil.rmtree(old)
    (options.output / "adapter_model.safetensors").write_bytes(bytes(64))
    print("\n[2026-07-24 00:59:42,123] [INFO] [axolotl.train:198] Training completed!", flush=True)


if __name__ == "__main__":
    main()
