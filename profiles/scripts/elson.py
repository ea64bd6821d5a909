"""Stands for Elson's three-phase script: transformers' dict lines without a step between the redraws of a bar.

Each phase keeps its two newest checkpoints and removes the older ones itself. The loss it prints at the end of a phase
is the mean of all, not the last one.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
import time
from pathlib import Path


def bar(step: int, total: int, pause: float) -> None:
    part = int(10 * step / total)
    drawn = "█" * part + " " * (10 - part)
    left = int((total - step) * pause)
    sys.stderr.write(
        f"\r{100 * step // total:3d}%|{drawn}| {step}/{total} [00:{step % 60:02d}<00:{left % 60:02d}, 1.04s/it]"
    )
    sys.stderr.flush()


def line(step: int, total: int, shift: float) -> dict[str, float]:
    loss = round(0.5 + 1.6 * math.exp(-(step + shift) / 20), 4)
    rate = 2e-4 * (1 - step / total)
    return {
        "loss": loss,
        "grad_norm": 1.02,
        "learning_rate": rate,
        "epoch": round(2 * step / total, 2),
    }


def phase(name: str, options: argparse.Namespace, shift: int) -> None:
    out = options.output / f"phase_{name}"
    print("=" * 60 + f"\nStarting Phase {name} training...\n" + "=" * 60, flush=True)
    losses = []
    for step in range(options.steps + 1):
        time.sleep(options.pause)
        bar(step, options.steps, options.pause)
        if step and step % 2 == 0:
            told = line(step, options.steps, shift)
            losses.append(told["loss"])
            sys.stderr.write("\r" + " " * 60 + "\r")
            sys.stderr.flush()
            print(told, flush=True)
            bar(step, options.steps, options.pause)
        if step and step % 5 == 0:
            save(out, step, options.steps)
    mean = sum(losses) / len(losses)
    print(
        f"\n{{'train_runtime': 82.6, 'train_samples_per_second': 1.5, 'train_loss': {mean}, 'epoch': 2.0}}"
    )
    print(f"Phase {name} training complete!\nFinal loss: {mean:.4f}", flush=True)


def save(out: Path, step: int, total: int) -> None:
    folder = out / f"checkpoint-{step}"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "adapter_model.safetensors").write_bytes(bytes(64))
    (folder / "trainer_state.json").write_text(
        json.dumps({"global_step": step, "max_steps": total})
    )
    kept = sorted(out.glob("checkpoint-*"), key=lambda one: int(one.name.partition("-")[2]))
    for old in kept[:-2]:
        for file in old.iterdir():
            file.unlink()
        old.rmdir()


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--steps", type=int, default=20)
    parser.add_argument("--pause", type=float, default=0.02)
    options = parser.parse_args()
    for number, name in enumerate("ABC"):
        phase(name, options, number * options.steps)
    (options.output / "adapter_config.json").write_text("{}")
    (options.output / "training_metadata.json").write_text('{"phase": "C", "method": "dora"}')


if __name__ == "__main__":
    main()
