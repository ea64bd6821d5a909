"""The screens of one run, by name; each is loaded when somebody goes there, so that the fleet is up at once."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from cockpit.screens.base import RunPlace

PLACES = {
    "dashboard": "Dashboard",
    "logs": "Logs",
    "checkpoints": "Checkpoints",
    "sync": "Sync",
    "alerts": "Alerts",
    "metrics": "Metrics",
    "samples": "Samples",
    "record": "Record",
}


def place(name: str) -> type[RunPlace]:
    """The screen of this name."""
    module = importlib.import_module(f"cockpit.screens.{name}")
    return cast("type[RunPlace]", getattr(module, PLACES[name]))
