"""Two ranks on one machine train what one rank trains, to rounding, and are killed and resumed like one."""

from __future__ import annotations

import signal
from pathlib import Path
from typing import Any

import pytest

from tests.engine.train import miniature, trainer
from tests.engine.train.sameness import curve
from tests.engine.train.test_exact import standing

# every rank but the first imports torch anew
pytestmark = pytest.mark.timeout(400)


def site(folder: Path, **tables: Any) -> Path:
    folder.mkdir()
    miniature.base(folder / "base")
    miniature.instructions(folder / "rows.jsonl", 21)
    return miniature.profile(folder, **tables)


def alike(one: trainer.Ended, two: list[trainer.Ended]) -> None:
    """The effective batch is the same, so the numbers are, but for the order of sums."""
    expected, told = curve(one.rows), {k: v for ended in two for k, v in curve(ended.rows).items()}
    assert told.keys() == expected.keys()
    for key, row in told.items():
        assert row["loss"] == pytest.approx(expected[key]["loss"], abs=1e-4)
        assert row["tokens"] == expected[key]["tokens"]


@pytest.mark.parametrize(
    ("strategy", "kind"), [("ddp", "dora"), ("fsdp", "full"), ("fsdp", "dora")]
)
def test_two_ranks_train_what_one_does(strategy: str, kind: str, tmp_path: Path) -> None:
    method = {"kind": kind, "dropout": 0.0}
    one = site(tmp_path / "one", adapter=method)
    alone = trainer.train(tmp_path / "one" / "log", one)
    batch = {"micro_batch": 2, "grad_accum": 1, "devices": 2, "strategy": strategy}
    two = site(tmp_path / "two", adapter=method, train=batch)
    child = trainer.start(tmp_path / "first", two)
    trainer.kill_at(tmp_path / "first", child, 5, 0.0, signal.SIGTERM)
    first = trainer.finish(tmp_path / "first", child)
    assert first.status == 143, first.console
    start = standing(two)
    second = trainer.train(tmp_path / "second", two, "auto")
    assert second.status == 0, second.console
    assert second.rows[0]["step"] == start + 1 and "bit-exact" in second.console
    alike(alone, [first, second])


def test_one_rank_continues_what_two_began_and_says_so(tmp_path: Path) -> None:
    batch = {"micro_batch": 2, "grad_accum": 1, "devices": 2, "max_steps": 4}
    two = site(tmp_path / "site", adapter={"dropout": 0.0}, train=batch)
    assert trainer.train(tmp_path / "first", two).status == 0
    one = miniature.profile(
        tmp_path / "site", adapter={"dropout": 0.0},
        train={"micro_batch": 2, "grad_accum": 2, "max_steps": 6},
    )  # fmt: skip
    ended = trainer.train(tmp_path / "second", one, "auto")
    assert ended.status == 0, ended.console
    assert "ranks 2 → 1" in ended.console and "global batch" not in ended.console
