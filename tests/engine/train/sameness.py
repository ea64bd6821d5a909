"""What it means that a killed and continued training is the one that was never interrupted."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from engine.train.checkpoint import newest
from tests.engine.train import trainer

KEYS = ("loss", "grad_norm", "learning_rate", "tokens", "position", "epoch", "phase", "eval_loss")


class Drift(Exception):
    """A continued run is not the run it continues."""


def curve(rows: list[dict[str, Any]]) -> dict[tuple[int, bool], dict[str, Any]]:
    """What each step told; evaluations have a line of their own."""
    return {
        (row["step"], "eval_loss" in row): {key: row[key] for key in KEYS if key in row}
        for row in rows
    }


def weights(folder: Path) -> str:
    """The hash of the last checkpoint's weights below a folder."""
    found, _ = newest(folder)
    assert found is not None
    files = found.manifest["files"]
    return str(next(files[n]["sha256"] for n in files if "model.safetensors" in n))


def compare(whole: trainer.Ended, attempts: list[trainer.Ended], starts: list[int]) -> None:
    """Every number of every attempt is the uninterrupted run's, and each continues where its checkpoint stands."""
    expected = curve(whole.rows)
    seen: set[tuple[int, bool]] = set()
    for attempt, start in zip(attempts, starts, strict=True):
        steps = [row["step"] for row in attempt.rows if "eval_loss" not in row]
        if steps != list(range(start + 1, start + 1 + len(steps))):
            raise Drift(f"after step {start} came {steps[:3]}")
        for key, told in curve(attempt.rows).items():
            if told != expected[key]:
                raise Drift(f"step {key}: {told} instead of {expected[key]}")
        seen |= curve(attempt.rows).keys()
    if seen != expected.keys():
        raise Drift(f"never told: {sorted(expected.keys() - seen)[:3]}")
