"""Stands for moola's baseline script: one line an epoch, CSV files at the end only, and no way to resume.

The numbers are made up by a formula; what counts is that lines, files and their order are those of the real script.
"""

from __future__ import annotations

import argparse
import csv
import math
import time
from pathlib import Path


def measure(epoch: int) -> dict[str, float]:
    """The uncertainty weights let the training loss fall below 0, which is no fault."""
    fall = math.exp(-epoch / 12)
    return {
        "epoch": epoch,
        "train_loss": round(9.5 * fall - 0.8, 4),
        "val_loss": round(12.2 * fall + 5.4 + 0.1 * math.sin(epoch), 4),
        "span_F1": round(0.5 * (1 - fall), 3),
        "span_P": round(0.45 * (1 - fall), 3),
        "span_R": round(0.55 * (1 - fall), 3),
        "separation": round(0.2 * (1 - fall), 4),
    }


def write(path: Path, rows: list[dict[str, float]]) -> None:
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    print(f"  ✓ Saved: {path}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--epochs", type=int, default=100)
    parser.add_argument("--pause", type=float, default=0.1)
    options = parser.parse_args()
    options.output.mkdir(parents=True, exist_ok=True)
    print(f"BASELINE TRAINING RUN - {options.epochs} EPOCHS WITH COMPREHENSIVE LOGGING")
    print("Train: 168 samples, Val: 42 samples")
    print("Parameters: 97,547 total, 97,547 trainable", flush=True)
    rows: list[dict[str, float]] = []
    for epoch in range(1, options.epochs + 1):
        time.sleep(options.pause)
        row = measure(epoch)
        rows.append(row)
        print(
            f"Epoch {epoch:3d}/{options.epochs}: train_loss={row['train_loss']:.4f}, "
            f"val_loss={row['val_loss']:.4f}, span_F1={row['span_F1']:.3f}, span_P={row['span_P']:.3f}, "
            f"span_R={row['span_R']:.3f}, time={options.pause:.1f}s",
            flush=True,
        )
        if epoch % 10 == 0:
            path = options.output / f"checkpoint_epoch_{epoch}.pt"
            path.write_text(str(row))
            print(f"  ✓ Saved checkpoint: {path}", flush=True)
    print("✅ TRAINING COMPLETE")
    print(f"Best validation loss: {min(row['val_loss'] for row in rows):.4f}")
    (options.output / "best_model.pt").write_text("weights")
    print("💾 Saving metrics...", flush=True)
    write(options.output / "epoch_metrics.csv", rows)
    norms = [{"epoch": row["epoch"], "grad_norm": round(2 + 1 / row["epoch"], 4)} for row in rows]
    write(options.output / "gradient_stats.csv", norms[::10])


if __name__ == "__main__":
    main()
