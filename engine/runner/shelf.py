"""Acts on this machine's checkpoints: `runner.pyz --shelf`, one line of JSON, a list of acts, on standard input.

Each is answered by a line, in their order. A process of its own and nice, because copies of gigabytes take a while;
while it works it says so by empty lines, so that silence means a lost line.
"""

from __future__ import annotations

import json
import os
import sys
import threading
from typing import Any, Mapping

from engine.errors import Problem
from engine.runner.frames import MAGIC
from engine.runner.give import LONGEST, NICE

BREATH_S = 5.0


def shelf() -> int:
    """Answers, and ends."""
    _write(MAGIC)
    over = threading.Event()
    breath = threading.Thread(target=_breathe, args=(over,), daemon=True)
    try:
        acts = json.loads(sys.stdin.buffer.readline(LONGEST))
        os.nice(NICE)
        breath.start()
        for act in acts:
            _say(_answer(act))
    except BrokenPipeError:
        return 0
    except (ValueError, TypeError) as error:
        _say({"refused": f"{type(error).__name__}: {error}"})
    finally:
        over.set()
    return 0


def _answer(act: Mapping[str, Any]) -> Mapping[str, Any]:
    from engine.shelf import acts

    try:
        return acts.do(act)
    except Problem as error:
        return {"refused": str(error), "fix": error.fix}
    except (OSError, ValueError, KeyError, TypeError) as error:
        return {"refused": f"{type(error).__name__}: {error}"}


def _breathe(over: threading.Event) -> None:
    while not over.wait(BREATH_S):
        _write(b"\n")


def _say(body: Mapping[str, Any]) -> None:
    _write(json.dumps(body).encode() + b"\n")


_writing = threading.Lock()


def _write(data: bytes) -> None:
    """In one piece: an empty line must not land inside of another."""
    with _writing:
        while data:
            data = data[os.write(1, data) :]
