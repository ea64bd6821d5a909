"""The child process that asks the GPUs, one after the other, when it is told to.

It reads a line of indices and answers one line per GPU, each a Python literal: `("up", {…})` once
at the start and again when the number of GPUs changed (the order is then void), `("gpu", {…})`
for each reading, `("down", word)` before it gives up. It ends when its input ends. It knows no
time limit: whoever started it reads silence as a hang of the GPU whose turn it is, and kills it.
"""

from __future__ import annotations

import os

from engine.runner.nvml import smi, words
from engine.runner.nvml.library import Fallen, Library

LIBRARY = "libnvidia-ml.so.1"


class Smi:
    """nvidia-smi in the place of a library: reads everything when it is asked for the count."""

    def __init__(self, command: str) -> None:
        self._command = command
        self._readings: list[dict[str, object]] = []

    def count(self) -> int:
        try:
            self._readings = smi.read(self._command)
        except smi.Failed as failed:
            raise Fallen(str(failed)) from None
        return len(self._readings)

    def driver(self) -> str | None:
        drivers = [str(reading["driver"]) for reading in self._readings if reading["driver"]]
        return drivers[0] if drivers else None

    def read(self, index: int) -> dict[str, object]:
        return {key: value for key, value in self._readings[index].items() if key != "driver"}


def opened() -> tuple[str, Library | Smi, int]:
    """What answers (with its name) and how many GPUs it knows: the library, else nvidia-smi."""
    try:
        library = Library(os.environ.get("COCKPIT_NVML") or LIBRARY)
        return "nvml", library, library.count()
    except Fallen as fallen:
        word = str(fallen)
    command = smi.path()
    if command is None:
        raise Fallen(word)
    substitute = Smi(command)
    try:
        return smi.COMMAND, substitute, substitute.count()
    except Fallen as fallen:
        # Where both fail, the library's word says more, unless there is no library at all.
        raise Fallen(str(fallen) if word == words.NO_LIBRARY else word) from None


def serve(answers: int) -> None:
    """Answer orders until the input ends."""
    source, gpus, count = opened()
    _say(answers, "up", {"source": source, "driver": gpus.driver(), "count": count})
    while True:
        order = _order()
        if order is None:
            return
        now = gpus.count()
        if now != count:
            count = now
            _say(answers, "up", {"source": source, "driver": gpus.driver(), "count": count})
            continue
        for index in order:
            _say(answers, "gpu", gpus.read(index))


def _order() -> list[int] | None:
    line = b""
    while not line.endswith(b"\n"):
        piece = os.read(0, 4096)
        if not piece:
            return None
        line += piece
    return [int(word) for word in line.split()]


def _say(answers: int, kind: str, fact: object) -> None:
    os.write(answers, (ascii((kind, fact)) + "\n").encode())


def main() -> None:
    """The child's whole life. What a library prints goes where errors go: nowhere."""
    answers = os.dup(1)
    os.dup2(2, 1)
    try:
        serve(answers)
    except Fallen as fallen:
        _say(answers, "down", str(fallen))
    except BrokenPipeError:
        pass  # nobody listens any more
