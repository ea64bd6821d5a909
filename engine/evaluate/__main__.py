"""`python -m engine.evaluate generate|merge|convert`: what is asked comes as lines of JSON, so do the answers.

`generate` reads a line that opens a checkpoint and then a line for each text that is wanted; it ends with its input.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any, TextIO

from engine.errors import Problem

ANSWERS: TextIO = sys.stdout


def main(argv: list[str]) -> int:
    try:
        {"generate": generate, "merge": make, "convert": make}[argv[0]](argv[0], sys.stdin)
    except Problem as problem:
        tell({"error": str(problem), "fix": problem.fix, "status": problem.status})
    return 0


def generate(_: str, lines: Iterable[str]) -> None:
    from engine.evaluate.models import open_writer

    writer = None
    for line in lines:
        asked = json.loads(line)
        if "checkpoint" in asked:
            writer = open_writer(
                Path(asked["checkpoint"]), asked.get("base"), asked.get("device", "auto")
            )
            tell({"device": writer.device})
        elif writer is not None:
            text = writer.write(
                asked["prompt"], asked["tokens"], asked["temperature"], asked["seed"]
            )
            tell({"prompt": asked["prompt"], "text": text})


def make(what: str, lines: Iterable[str]) -> None:
    from engine.evaluate import making

    asked: dict[str, Any] = json.loads(next(iter(lines)))
    act = making.merge if what == "merge" else making.convert
    made = act(Path(asked["checkpoint"]), asked.get("base"), Path(asked["out"]))
    tell({"to": str(made), "bytes": sum(p.stat().st_size for p in made.iterdir())})


def tell(table: dict[str, Any]) -> None:
    print(json.dumps(table), file=ANSWERS, flush=True)


if __name__ == "__main__":
    # Libraries print what they like; only answers may be where answers are read.
    ANSWERS = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    sys.exit(main(sys.argv[1:]))
