from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from engine.runner.nvml.gpus import Gpus, Pace
from tests.simulated.nvml.simulation import Simulation, build, plugged

# Failures are tried again at once, so that tests need not wait for the pauses.
EAGER = Pace(retry_s=0.0)


@pytest.fixture(scope="session")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(tmp_path_factory.mktemp("nvml"))


@pytest.fixture(scope="session", params=["WITHOUT_POWER", "OLD"])
def lacking(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A library without some symbols; the folder's name says which."""
    return build(tmp_path_factory.mktemp(request.param, numbered=False), request.param)


@pytest.fixture
def simulation(library: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Simulation:
    return plugged(library, tmp_path, monkeypatch)


@pytest.fixture
def watched() -> Iterator[Callable[..., Gpus]]:
    """Makes watchers of GPUs and ends them after the test."""
    made: list[Gpus] = []

    def make(pace: Pace = EAGER) -> Gpus:
        made.append(Gpus(pace))
        return made[-1]

    yield make
    for gpus in made:
        gpus.close()
