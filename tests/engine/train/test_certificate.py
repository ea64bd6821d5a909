"""Where a continuation cannot be exact, it is said before it starts, and the place in the data is kept."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from engine.train import randomness
from engine.train.certificate import differences, placed, sentence
from engine.train.errors import TrainError
from engine.train.ranks import usable
from engine.train.run import At
from tests.engine.train import miniature, trainer
from tests.engine.train.test_exact import site

THEN: dict[str, Any] = {"global batch": 8, "micro-batch": [4, 4], "data": ["a", "b"], "ranks": 1}


@pytest.mark.parametrize(
    ("now", "at", "found", "lost"),
    [
        ({}, At(phase_step=3, micro=1), (3, 1), []),
        ({"micro-batch": [2, 2]}, At(phase_step=3, micro=1), (3, 2), []),
        ({"micro-batch": [8, 8]}, At(phase_step=3, micro=1), (3, 0), ["the step under way begins again"]),
        ({"data": ["grown", "b"]}, At(phase_step=3, micro=1), (3, 0), ["the step under way begins again"]),
        ({"ranks": 2}, At(phase_step=3), (3, 0), []),
        ({"global batch": 4}, At(phase_step=3), (6, 0), []),
        ({"global batch": 16}, At(phase_step=3), (1, 0), ["8 rows are trained again"]),
        ({"global batch": 16, "micro-batch": [4, 4]}, At(phase_step=2, micro=1), (1, 0),
         ["the step under way begins again"]),
        ({}, At(phase=2, phase_step=0), (0, 0), []),
    ],
)  # fmt: skip
def test_a_place_is_a_number_of_rows(
    now: dict[str, Any], at: At, found: tuple[int, int], lost: list[str]
) -> None:
    there, words = placed(replace(at, step=40), THEN, {**THEN, **now})
    assert ((there.phase_step, there.micro), words) == (found, lost)
    assert there.step == 40, "the count of steps goes on"


def test_only_what_is_the_same_is_called_exact() -> None:
    assert sentence(7, differences(THEN, THEN)) == "continuing at step 7, bit-exact"
    for key, other in (("ranks", 2), ("data", ["a", "c"]), ("global batch", 4), ("threads", 2)):
        assert "exact but for" in sentence(7, differences(THEN, {**THEN, key: other})), key


def test_fewer_devices_share_the_batch_of_a_run_that_goes_on() -> None:
    assert usable(4, None, 8, False) == 4, "a CPU has as many ranks as it is asked for"
    assert usable(4, 8, 8, False) == 4
    assert [usable(4, have, 12, True) for have in (3, 2, 1)] == [3, 2, 1]
    assert usable(8, 5, 8, True) == 4, "five cannot share eight rows"
    with pytest.raises(TrainError, match=r"train.devices = 4, but this machine has 2 GPUs"):
        usable(4, 2, 8, False)


def test_every_source_of_randomness_comes_back() -> None:
    cpu = torch.device("cpu")
    python, device = randomness.python_rng(), randomness.device_rng(cpu)
    python = json.loads(json.dumps(python))

    def draw() -> tuple[Any, ...]:
        import random

        import numpy as np

        return random.random(), random.gauss(0, 1), float(np.random.rand()), torch.rand(3).tolist()

    first = draw()
    assert draw() != first
    randomness.restore_python_rng(python)
    randomness.restore_rng(cpu, device)
    assert draw() == first


def test_another_batch_goes_on_at_the_same_row(tmp_path: Path) -> None:
    """Half the batch: the rows of three steps are those of six, and nothing of the data is skipped."""
    ground = tmp_path / "ground"
    ground.mkdir()
    miniature.base(ground / "base")
    miniature.instructions(ground / "rows.jsonl", 32)
    plain = {
        "data": {"packing": False},
        "train": {"micro_batch": 2, "grad_accum": 2, "epochs": 1.0, "max_steps": 3},
    }
    profile = site(ground, tmp_path / "site", plain)
    assert trainer.train(tmp_path / "one", profile).status == 0
    other = miniature.profile(
        tmp_path / "site", data={"packing": False},
        train={"micro_batch": 2, "grad_accum": 1, "epochs": 1.0, "max_steps": 10},
    )  # fmt: skip
    ended = trainer.train(tmp_path / "two", other, "auto")
    assert ended.status == 0, ended.console
    assert "global batch 4 → 2" in ended.console and "bit-exact" not in ended.console
    assert ended.rows[0]["step"] == 4 and ended.rows[0]["position"] == 3 * 4 + 2
