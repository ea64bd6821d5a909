"""The command line, an empty `logs/`, and a time of day that is the same everywhere."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.cli import Engine, caller


@pytest.fixture
def engine(capsys: pytest.CaptureFixture[str]) -> Engine:
    return caller(capsys)


@pytest.fixture
def logs(home: Path) -> Path:
    return home / "logs"


@pytest.fixture
def utc(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()
