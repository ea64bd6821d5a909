"""The profile that a run was frozen with, as plain tables: for whoever shows or compares it and runs nothing by it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from engine import vault
from engine.runs import Run

CAP = 4 << 20


@lru_cache(maxsize=64)
def frozen(run: Run) -> Mapping[str, Any]:
    """Key by key; empty where it cannot be read."""
    try:
        found = json.loads(vault.small(run.profile, CAP))
    except (OSError, ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def section(table: Mapping[str, Any], *names: str) -> Mapping[str, Any]:
    """A table inside of it; empty where there is none of that name."""
    for name in names:
        found = table.get(name)
        table = found if isinstance(found, dict) else {}
    return table
