"""The recorded files, and the command line."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from tests.support.cli import Engine, caller

HERE = Path(__file__).parent / "files"
PLACES = {
    "tensorboardx": "tb/events.out.tfevents.1795648771.host",
    "torch": "torch/events.out.tfevents.1795648958.host.10433.0",
    "offline": "wandb/offline-run-1/run-ywmwqyfp.wandb",
    "trackio": "trackio/tp.db",
}


@pytest.fixture
def engine(capsys: pytest.CaptureFixture[str]) -> Engine:
    return caller(capsys)


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """The recorded files, unpacked where their writers would have left them."""
    for path in HERE.glob("*.gz"):
        place = tmp_path / PLACES[path.name.partition(".")[0]]
        place.parent.mkdir(parents=True)
        place.write_bytes(gzip.decompress(path.read_bytes()))
    return tmp_path
