"""The pulse's short keys to values with names and units."""

from __future__ import annotations

import math
from typing import Any

import pytest

from engine.events import runner as r
from engine.scalars import RunnerFacts
from engine.scalars.runner import fold
from engine.status.answers import Gpu
from engine.status.gpus import MIB, gpus

CARDS = ({"i": 0, "uuid": "GPU-0", "name": "A30", "mem": 24576, "watt": 165}, {"i": 1})
COLUMNS: dict[str, list[Any]] = {
    "i": [0, 1],
    "util": [93, None],
    "mem": [20000, 5],
    "temp": [63, 40],
    "watt": [148, 20],
    "thr": ["sw_power_cap", ""],
    "state": ["ok", "hung"],
    "age": [None, 7.5],
}


def facts(told: Any, cards: Any = CARDS) -> RunnerFacts:
    found = fold(RunnerFacts(), r.GpusFound(1.0, cards))
    return fold(found, r.Pulsed(100.0, told))


def test_columns_become_one_value_a_gpu() -> None:
    first, second = gpus(facts(COLUMNS))
    assert first == Gpu(
        0, "A30", 93.0, 20000 * MIB, 24576 * MIB, 63.0, 148.0, "sw_power_cap", 100.0, "ok"
    )
    assert second == Gpu(1, None, None, 5 * MIB, None, 40.0, 20.0, "", 92.5, "hung")


def test_the_time_is_moved_to_the_users_clock() -> None:
    assert gpus(facts(COLUMNS), ahead_s=30.0)[0].as_of == 70.0


def test_a_gpu_that_was_found_and_not_read_has_no_numbers() -> None:
    found = fold(RunnerFacts(), r.GpusFound(1.0, CARDS))
    assert gpus(found)[0] == Gpu(0, "A30", mem_total=24576 * MIB)


def test_no_gpu_is_no_gpu() -> None:
    assert gpus(RunnerFacts()) == ()


@pytest.mark.parametrize(
    "told",
    [
        {"i": "01"},
        {"i": [0], "util": ["high"], "mem": [[]], "temp": [{}], "thr": [3]},
        {"i": [0, 1], "util": [1]},
        {"i": [None, True, 1.5, "x"]},
        {},
        None,
        {"i": [0], "util": [math.nan], "mem": [math.inf]},
    ],
)
def test_a_hostile_pulse_is_read_as_far_as_it_goes(told: Any) -> None:
    for gpu in gpus(facts(told, ({"i": 0, "name": 7, "mem": "big"},))):
        assert isinstance(gpu.index, int)
        assert gpu.name is None and gpu.mem_total is None
