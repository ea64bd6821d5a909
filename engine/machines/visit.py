"""A short visit to a host: what is there, how far away it is, and what a training would miss."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

from engine.errors import Unknown
from engine.hosts import Host
from engine.machines.bootstrap import Ear, arrive
from engine.runner.frames import PIECE, Packer, Told, Unpacker

PATIENCE_S = 20.0
ROOM = 5 << 30
"""Bytes free below which a training soon has no room for a checkpoint."""
LATE_S = 5.0
"""Clocks this far apart make tokens and certificates fail."""


def visit(host: Host) -> dict[str, Any]:
    """Everything in plain values."""
    ear = arrive(host)
    try:
        packer, frames = Packer(), _frames(ear)
        hello = next(frames)
        began, sent = time.monotonic(), time.time()
        ear.stream.write(packer.pack(Told({"do": "ping", "id": 0, "sent": sent})))
        pong = next(frame for frame in frames if "t" in frame)
        rtt = time.monotonic() - began
        ear.stream.write(packer.pack(Told({"do": "look", "id": 1})))
        found = dict(next(frame for frame in frames if frame.get("id") == 1))
    finally:
        ear.stream.close()
    found.update(node=hello["node"], home=hello["home"], rtt_s=rtt)
    found.update(clock_offset_s=float(pong["t"]) - sent - rtt / 2, clock_plus_minus_s=rtt / 2)
    found.pop("id")
    found.pop("t")
    return {**found, "missing": list(missing(found))}


def missing(found: dict[str, Any]) -> Iterator[str]:
    """What a person should see to, in words."""
    if not found["gpus"]:
        yield "no GPU is seen: trainings run on its CPUs"
    if found["disk_free_bytes"] < ROOM:
        yield "less than 5 GB of disk: a checkpoint may not fit"
    if found["programs"]["rsync"] is None:
        yield "no rsync: files are copied whole"
    if abs(found["clock_offset_s"]) > LATE_S:
        yield f"its clock is {found['clock_offset_s']:+.0f} s off: tokens and certificates may fail"


def _frames(ear: Ear) -> Iterator[dict[str, Any]]:
    unpacker = Unpacker()
    while True:
        data, ear.left = ear.left or ear.stream.read(PIECE, PATIENCE_S), b""
        if not data:
            raise Unknown("it ended the line", "try again")
        for frame in unpacker.feed(data):
            if isinstance(frame, Told):
                yield dict(frame.body)
