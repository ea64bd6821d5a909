"""A short visit to a host: what is there, how far away it is, and what a training would miss."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from engine.adopting import Found
from engine.errors import Problem, Unknown, Unusable
from engine.hosts import Host
from engine.machines.bootstrap import Ear, arrive, command
from engine.machines.machine import Away
from engine.machines.shelves import conversation
from engine.machines.ssh import FAILURES, Stream, Unreachable
from engine.runner.frames import PIECE, Packer, Told, Unpacker
from engine.shelf.acts import Act, Answer

PATIENCE_S = 20.0
ROOM = 5 << 30
"""Bytes free below which a training soon has no room for a checkpoint."""
LATE_S = 5.0
"""Clocks this far apart make tokens and certificates fail."""


def visit(host: Host) -> dict[str, Any]:
    """Everything in plain values."""
    with _talk(host) as talk:
        began, sent = time.monotonic(), time.time()
        pong = talk.ask({"do": "ping", "sent": sent})
        rtt = time.monotonic() - began
        found = talk.ask({"do": "look"})
        found.update(node=talk.hello["node"], home=talk.hello["home"], rtt_s=rtt)
    found.update(clock_offset_s=float(pong["t"]) - sent - rtt / 2, clock_plus_minus_s=rtt / 2)
    found.pop("t")
    return {**found, "missing": list(missing(found))}


def checkpoints(host: Host, question: Mapping[str, Any]) -> dict[str, Any]:
    """What lies there, by one question."""
    with _talk(host) as talk:
        body = talk.ask({"do": "checkpoints", **question})
        found = list(body["found"])
        while body.get("more"):
            body = talk.answer()
            found += body["found"]
    return {**body, "found": found}


def training(host: Host, sought: Mapping[str, Any]) -> Found:
    """One that somebody started there by hand."""
    with _talk(host) as talk:
        said = talk.ask({"do": "find", **sought})
    try:
        return Found.of(said["training"])
    except (KeyError, TypeError, ValueError):
        raise Problem(f"{host.name} answers nonsense", f"engine hosts test {host.name}") from None


def shelf(host: Host, *asked: Act) -> list[Answer]:
    """Acts on checkpoints, by somebody who has no line to the machine."""
    with _talk(host) as talk:
        try:
            return conversation(host.name, talk.beside(command(host, "--shelf")), asked)
        except Away as error:
            raise Unreachable(f"{host.name}: {error}", "try again") from None


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


class _Talk:
    """One question at a time."""

    def __init__(self, host: Host, ear: Ear) -> None:
        self._host, self._ear, self._packer = host, ear, Packer()
        self._frames = _frames(ear)
        self._number = 0
        self.hello = next(self._frames)

    def ask(self, body: Mapping[str, Any]) -> dict[str, Any]:
        self._number += 1
        self._ear.stream.write(self._packer.pack(Told({**body, "id": self._number})))
        return self.answer()

    def beside(self, command: str) -> Stream:
        return self._ear.stream.beside(command)

    def answer(self) -> dict[str, Any]:
        said = next(frame for frame in self._frames if frame.get("id") == self._number)
        if "refused" in said:
            raise Unusable(f"{self._host.name}: {said['refused']}", said.get("fix"))
        said.pop("id")
        return said


@contextmanager
def _talk(host: Host) -> Iterator[_Talk]:
    ear = arrive(host)
    try:
        yield _Talk(host, ear)
    except FAILURES as error:
        raise Unreachable(f"{host.name}: {error or 'the line was cut'}", "try again") from None
    finally:
        ear.stream.close()


def _frames(ear: Ear) -> Iterator[dict[str, Any]]:
    unpacker = Unpacker()
    while True:
        data, ear.left = ear.left or ear.stream.read(PIECE, PATIENCE_S), b""
        if not data:
            raise Unknown("it ended the line", "try again")
        for frame in unpacker.feed(data):
            if isinstance(frame, Told):
                yield dict(frame.body)
