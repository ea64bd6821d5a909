"""What people and verbs ask of a keeper, as the facts that are written before anything is done about it."""

from __future__ import annotations

import time
from typing import Any

from engine import control
from engine.events import Event, saves
from engine.events import keeper as say


def record(body: dict[str, Any]) -> Event:
    by = str(body.get("by", "unknown"))
    if body["kind"] == "note":
        return say.Noted(time.time(), body["id"], str(body.get("text", "")), by)
    if body["kind"] in control.TOLD:
        return _told(body, by)
    return say.Requested(
        t=time.time(),
        id=body["id"],
        kind=body["kind"],
        by=by,
        reason=body.get("reason"),
        resume_from=body.get("resume_from"),
        resume_step=body.get("resume_step"),
        patch=body.get("patch"),
    )


def _told(body: dict[str, Any], by: str) -> Event:
    """What a verb did, or wants kept, about a checkpoint."""
    number, path = body["id"], str(body.get("path", ""))
    if body["kind"] == "pruned":
        paths = tuple(str(one) for one in body.get("paths", ()))
        return saves.Pruned(time.time(), number, paths, body.get("bytes"), by)
    if body["kind"] == "pushed":
        return saves.Pushed(time.time(), number, path, str(body["to"]), int(body["bytes"]), by)
    return saves.Pinned(time.time(), number, path, body["kind"] == "pin", by)
