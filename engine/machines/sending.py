"""A selection of files sent over a stream whose far end unpacks it."""

from __future__ import annotations

from engine.errors import Problem
from engine.machines.bootstrap import NOISE, Ear
from engine.machines.machine import Away
from engine.machines.ssh import FAILURES, Stream
from engine.runner.frames import MAGIC
from engine.sync.pack import pack
from engine.sync.selection import Selection


def send(stream: Stream, chosen: Selection) -> None:
    """All of it, or a reason. A line that is cut leaves nothing behind."""
    ear = Ear(stream)
    try:
        pack(chosen, stream)
        stream.end()
        heard = ear.until(MAGIC, NOISE)
        word = ear.until(b"\n", NOISE) if heard is not None else None
    except FAILURES as error:
        raise Away(str(error) or "the line was cut while files were sent") from None
    finally:
        stream.close()
    if word is None:
        raise Away("the line was cut while files were sent")
    text = word.decode("utf-8", "replace")
    if not text.startswith("done "):
        raise Problem(f"the machine did not take the files: {text[3:]}", "free some room there")
