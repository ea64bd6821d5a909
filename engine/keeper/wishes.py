"""What people asked, as the facts that stand for it in the keeper's segment."""

from __future__ import annotations

import time
from typing import Any

from engine import control
from engine.events import Event, saves
from engine.events import keeper as say


def fact(body: dict[str, Any]) -> Event:
    """The event that records a request."""
    now, by = time.time(), str(body.get("by", "unknown"))
    if body["kind"] == "note":
        return say.Noted(now, body["id"], str(body.get("text", "")), by)
    if body["kind"] == "dialect":
        return say.DialectChosen(now, str(body.get("dialect", "auto")), by)
    if body["kind"] in control.TOLD:
        return _told(body, now, by)
    return say.Requested(
        t=now,
        id=body["id"],
        kind=body["kind"],
        by=by,
        reason=body.get("reason"),
        resume_from=body.get("resume_from"),
        resume_step=body.get("resume_step"),
        patch=body.get("patch"),
    )


def _told(body: dict[str, Any], now: float, by: str) -> Event:
    """What a verb did, or wants kept, about a checkpoint."""
    number, path = body["id"], str(body.get("path", ""))
    if body["kind"] == "pruned":
        paths = tuple(str(one) for one in body.get("paths", ()))
        return saves.Pruned(now, number, paths, body.get("bytes"), by)
    if body["kind"] == "pushed":
        return saves.Pushed(now, number, path, str(body["to"]), int(body["bytes"]), by)
    return saves.Pinned(now, number, path, body["kind"] == "pin", by)
