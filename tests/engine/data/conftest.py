"""The command line, and a tokenizer that is trained once."""

from __future__ import annotations

import pytest

from engine.data.bpe import learn
from tests.engine.data import grain
from tests.support.cli import Engine, caller


@pytest.fixture(scope="session")
def tokenizer() -> bytes:
    return str(learn([grain.TEXT[:20_000]], 400).to_str()).encode()


@pytest.fixture
def engine(capsys: pytest.CaptureFixture[str]) -> Engine:
    return caller(capsys)
