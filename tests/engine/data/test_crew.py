"""Work that is shared comes back in order, and no helper outlives who asked for it."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from multiprocessing import active_children
from pathlib import Path

import pytest

from engine.data import crew
from engine.data.crew import shared
from engine.data.units import Unit
from engine.errors import Problem

pytestmark = pytest.mark.leaves("the resource tracker of multiprocessing lives on")
PARTS = [Unit("none", at, at + 10) for at in range(0, 400, 10)]


def slow(task: str) -> Callable[[Unit], tuple[str, int]]:
    def work(unit: Unit) -> tuple[str, int]:
        time.sleep(0.01 if unit.start % 30 else 0.0)
        return task, unit.start

    return work


def dying(task: str) -> Callable[[Unit], int]:
    def work(unit: Unit) -> int:
        if unit.start == 50:
            os._exit(9)
        return unit.start

    return work


@pytest.fixture(autouse=True)
def always(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(crew, "SMALL", 0)
    monkeypatch.setattr(crew, "PORTION", 25)


def test_results_come_in_order() -> None:
    assert list(shared(slow, "x", PARTS, 2)) == [("x", unit.start) for unit in PARTS]


def test_small_units_are_handed_over_together() -> None:
    portions = crew._portions([*PARTS, Unit("large", 0, 999), Unit("last", 0, 1)])
    assert [unit for one in portions for unit in one] == [
        *PARTS,
        Unit("large", 0, 999),
        Unit("last", 0, 1),
    ]
    assert all(sum(unit.bytes for unit in one) <= 25 or len(one) == 1 for one in portions)
    assert len(portions[0]) == 2


def test_a_helper_that_was_killed_is_told() -> None:
    with pytest.raises(Problem, match="was killed, probably for memory"):
        list(shared(dying, "x", PARTS, 2))
    assert not active_children()


def test_nobody_waits_for_what_is_no_longer_wanted(tmp_path: Path) -> None:
    coming = shared(slow, "x", PARTS, 2)
    next(coming)
    begun = time.monotonic()
    coming.close()  # type: ignore[attr-defined]
    assert not active_children() and time.monotonic() - begun < 5
