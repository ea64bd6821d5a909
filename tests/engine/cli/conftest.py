"""The time of day is the same in all of these tests."""

from __future__ import annotations

import pytest


@pytest.fixture(autouse=True)
def everywhere(utc: None) -> None:
    """What is said of times is compared."""
