"""Killed at random moments and continued, a run tells the very numbers and ends in the very weights it would have.

`SOAK=1` kills every method fifty times; by itself a run of the tests kills each three times, by the same code.
"""

from __future__ import annotations

import json
import os
import random
import signal
from pathlib import Path
from typing import Any

import pytest
import torch

from engine.train.checkpoint import MANIFEST, newest
from engine.train.tensors import read_tensors, write_tensors
from tests.engine.train import miniature, trainer
from tests.engine.train.sameness import Drift, compare, weights

KILLS = 50 if os.environ.get("SOAK") else 3
LORA: dict[str, Any] = {"adapter": {"kind": "lora"}}
METHODS: dict[str, dict[str, Any]] = {
    "lora, packed, dropout, accumulation": LORA,
    "dora, padded, three workers": {
        "adapter": {"kind": "dora"},
        "data": {"packing": False, "workers": 3},
    },
    "qdora, 8-bit AdamW": {
        "adapter": {"kind": "dora"},
        "model": {"bits": 4, "quant": "fp4", "double_quant": False},
        "optim": {"name": "adamw8bit"},
    },
    "full, bf16, checkpointing": {
        "adapter": {"kind": "full"},
        "train": {"precision": "bf16", "gradient_checkpointing": True},
    },
    "full, fp16, loss scaling": {"adapter": {"kind": "full"}, "train": {"precision": "fp16"}},
    "three phases, one restarted": {
        "adapter": {"kind": "dora"},
        "train": {"epochs": 1.0},
        "phase": [
            {"id": "A", "learning_rate": 2e-3},
            {"id": "B", "optimizer": "restart", "epochs": 0.7},
            {"id": "C", "schedule": "carry", "epochs": 1.2},
        ],
    },
    "gpt from scratch, held-out rows": {
        "recipe": "pretrain",
        "model": {"base": None, "from_scratch": {"layers": 2, "heads": 2, "width": 32, "vocab": 320, "dropout": 0.1}},
        "adapter": {"kind": "full"},
        "data": {"train": [str(miniature.TEXT)], "valid": 0.05, "max_length": 64},
        "eval": {"every_steps": 3, "max_rows": 4, "prompts": ["Long ago"], "sample_tokens": 4},
        "train": {"max_steps": 18},
    },
}  # fmt: skip


@pytest.fixture(scope="module")
def ground(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("mini")
    miniature.base(folder / "base")
    miniature.instructions(folder / "rows.jsonl")
    return folder


def site(ground: Path, folder: Path, tables: dict[str, Any]) -> Path:
    """A profile in a folder of its own, on the shared model and rows."""
    folder.mkdir()
    for name in ("base", "rows.jsonl"):
        (folder / name).symlink_to(ground / name)
    return miniature.profile(folder, **tables)


def standing(profile: Path) -> int:
    found, _ = newest(profile.parent / "checkpoints")
    return 0 if found is None else found.step


def interrupted(
    profile: Path, folder: Path, total: int, seed: int
) -> tuple[list[trainer.Ended], list[int]]:
    """Kill the run again and again, then let it end."""
    source = random.Random(seed)
    attempts, starts = [], []
    for number in range(KILLS + 1):
        start = standing(profile)
        place = folder / f"attempt-{number}"
        child = trainer.start(place, profile, "auto")
        if number < KILLS:
            ahead = source.randint(0, min(5, max(1, total - start)))
            trainer.kill_at(place, child, ahead, source.random() * 0.05, signal.SIGKILL)
        attempts.append(trainer.finish(place, child))
        starts.append(start)
    return attempts, starts


@pytest.mark.parametrize("method", METHODS)
def test_killed_and_continued_is_the_same_run(method: str, ground: Path, tmp_path: Path) -> None:
    tables = METHODS[method]
    profile = site(ground, tmp_path / "whole", tables)
    whole = trainer.train(tmp_path / "whole" / "log", profile)
    assert whole.status == 0, whole.console
    total = max(row["step"] for row in whole.rows)
    cut = site(ground, tmp_path / "cut", tables)
    attempts, starts = interrupted(cut, tmp_path / "cut", total, seed=total)
    assert attempts[-1].status == 0, attempts[-1].console
    compare(whole, attempts, starts)
    assert weights(cut.parent / "checkpoints") == weights(profile.parent / "checkpoints")
    assert not starts[-1] or "bit-exact" in attempts[-1].console


def test_a_stop_between_micro_batches_keeps_the_gradients(ground: Path, tmp_path: Path) -> None:
    tables = {"train": {"micro_batch": 1, "grad_accum": 8}, "save": {"every_steps": 100}}
    profile = site(ground, tmp_path / "whole", tables)
    whole = trainer.train(tmp_path / "whole" / "log", profile)
    partial = 0
    cut = site(ground, tmp_path / "cut", tables)
    attempts, starts = [], []
    for number in range(8):
        starts.append(standing(cut))
        place = tmp_path / f"attempt-{number}"
        child = trainer.start(place, cut, "auto")
        trainer.kill_at(place, child, 1, 0.003 * number, signal.SIGTERM)
        attempts.append(trainer.finish(place, child))
        found, _ = newest(cut.parent / "checkpoints")
        assert found is not None
        partial += found.manifest["micro"] > 0
        if attempts[-1].status == 0:
            break
        assert attempts[-1].status == 143, attempts[-1].console
    if attempts[-1].status != 0:
        starts.append(standing(cut))
        attempts.append(trainer.train(tmp_path / "last", cut, "auto"))
    assert partial, "no stop ever fell between two micro-batches"
    compare(whole, attempts, starts)
    assert weights(cut.parent / "checkpoints") == weights(profile.parent / "checkpoints")


def test_usr1_saves_and_goes_on(ground: Path, tmp_path: Path) -> None:
    profile = site(ground, tmp_path / "site", {"save": {"every_steps": 1000}})
    child = trainer.start(tmp_path / "log", profile)
    assert trainer.kill_at(tmp_path / "log", child, 3, 0.0, signal.SIGUSR1)
    ended = trainer.finish(tmp_path / "log", child)
    steps = [event["step"] for event in ended.events if event["e"] == "saved"]
    assert ended.status == 0
    assert len(steps) == 2 and 3 <= steps[0] < steps[1] == 20


def reseal(folder: Path) -> None:
    """Make a tampered checkpoint pass for a good one: what is tested is the curve, not the hash."""
    from engine.train.checkpoint import hash_file

    manifest = json.loads((folder / MANIFEST).read_text())
    for name, entry in manifest["files"].items():
        entry |= {"sha256": hash_file(folder / name), "bytes": (folder / name).stat().st_size}
    (folder / MANIFEST).write_text(json.dumps(manifest))


def forget_optimizer(folder: Path) -> None:
    path = folder / "optimizer.safetensors"
    found = read_tensors(path)
    write_tensors(path, {n: torch.zeros_like(t) if "exp_avg" in n else t for n, t in found.items()})


def forget_rng(folder: Path) -> None:
    torch.manual_seed(0)
    write_tensors(folder / "rng.safetensors", {"0.torch": torch.get_rng_state()})


def forget_position(folder: Path) -> None:
    state = json.loads((folder / "state.json").read_text())
    state["at"]["phase_step"] -= 1
    (folder / "state.json").write_text(json.dumps(state))


def forget_all(folder: Path) -> None:
    for path in folder.parent.iterdir():
        path.rename(path.with_name(f".gone-{path.name}"))


@pytest.mark.parametrize("harm", [forget_optimizer, forget_rng, forget_position, forget_all])
def test_the_comparison_catches_a_resume_that_forgets(
    harm: Any, ground: Path, tmp_path: Path
) -> None:
    profile = site(ground, tmp_path / "whole", {})
    whole = trainer.train(tmp_path / "whole" / "log", profile)
    cut = site(ground, tmp_path / "cut", {})
    child = trainer.start(tmp_path / "first", cut)
    trainer.kill_at(tmp_path / "first", child, 7, 0.0, signal.SIGKILL)
    first = trainer.finish(tmp_path / "first", child)
    start = standing(cut)
    found, _ = newest(cut.parent / "checkpoints")
    assert found is not None and start >= 4
    harm(found.path)
    if found.path.exists():
        reseal(found.path)
    second = trainer.train(tmp_path / "second", cut, "auto")
    with pytest.raises(Drift):
        compare(whole, [first, second], [0, start])
