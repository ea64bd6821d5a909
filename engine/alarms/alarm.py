"""The value a rule returns."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Alarm:
    """Something a person may have to act on. `since` is Unix seconds, None where no time is known."""

    name: str
    detail: str
    fix: str
    red: bool = False
    step: int | None = None
    since: float | None = None
