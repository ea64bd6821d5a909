"""A project at Google's for each test, and whom it takes us for."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.engine.leases.gcps import signed_in
from tests.support.gcp import Google


@pytest.fixture
def google(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Google]:
    with signed_in(tmp_path, monkeypatch) as found:
        yield found
