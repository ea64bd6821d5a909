"""A conversation with `runner.pyz --shelf`: acts go there, answers come back."""

from __future__ import annotations

import json
from collections.abc import Sequence

from engine.errors import Problem
from engine.machines.bootstrap import NOISE, Ear
from engine.machines.machine import Away
from engine.machines.ssh import FAILURES, Stream
from engine.runner.frames import MAGIC
from engine.shelf.acts import Act, Answer

LONGEST = 64 << 20
"""Bytes of an answer: what lies in a folder of thousands."""


def conversation(host: str, stream: Stream, asked: Sequence[Act]) -> list[Answer]:
    """Blocks until all is done: copies take their time, and breathe meanwhile."""
    ear = Ear(stream)
    try:
        stream.write(json.dumps(list(asked)).encode() + b"\n")
        stream.end()
        if ear.until(MAGIC, NOISE) is None:
            raise Away("the machine's shell ended before our program spoke")
        return [_answer(host, ear) for _ in asked]
    except FAILURES as error:
        raise Away(str(error) or "the line was cut") from None
    finally:
        stream.close()


def _answer(host: str, ear: Ear) -> Answer:
    line: bytes | None = b""
    while not line:
        line = ear.until(b"\n", LONGEST)
        if line is None:
            raise Away("the line was cut")
    try:
        said = dict(json.loads(line))
    except (ValueError, TypeError):
        raise Problem(f"{host} answers nonsense", f"engine hosts test {host}") from None
    if "refused" in said:
        raise Problem(f"{host}: {said['refused']}", said.get("fix") or "look at it there")
    return said
