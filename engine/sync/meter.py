"""How far a transfer is, in a small file for whoever wants to watch it; no fact, and lost without harm."""

from __future__ import annotations

import json
import os
import time
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any

from engine.runs import PRIVATE_DIR

EVERY_S = 0.5


class Meter:
    """Written at most twice a second, and gone when the transfer is over."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._what, self._total, self._way = "", 0, ""
        self._began = self._told = 0.0

    def __enter__(self) -> Meter:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        with suppress(OSError):
            self._path.unlink()

    def begin(self, what: str, total: int, way: str) -> None:
        """Another cargo."""
        self._what, self._total, self._way = what, total, way
        self._began, self._told = time.monotonic(), 0.0
        self.passed(0)

    def passed(self, done: int) -> None:
        now = time.monotonic()
        if now - self._told < EVERY_S:
            return
        self._told = now
        rate = done / (now - self._began) if now > self._began else 0.0
        table = {
            "t": time.time(),
            "what": self._what,
            "done_bytes": done,
            "total_bytes": self._total,
            "bytes_s": rate or None,
            "eta_s": (self._total - done) / rate if rate else None,
            "way": self._way,
        }
        hidden = self._path.with_suffix(".tmp")
        with suppress(OSError):
            self._path.parent.mkdir(mode=PRIVATE_DIR, exist_ok=True)
            hidden.write_text(json.dumps(table))
            os.replace(hidden, self._path)


def metered(path: Path) -> dict[str, Any] | None:
    """What is on its way now; None: nothing that anybody tells of."""
    try:
        found = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return None
    return found if isinstance(found, dict) else None
