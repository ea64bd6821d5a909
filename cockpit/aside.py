"""What the engine is asked in a process of its own: what gets through to machines takes long to load."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from engine.display import display

PATIENCE_S = 120.0
ENGINE = (sys.executable, "-c", "import sys; from engine.cli import main; sys.exit(main())")
LINES, WIDE = 6, 240


@dataclass(frozen=True)
class Answer:
    """Its JSON, a mapping a line; `trouble` is what it said where it failed, made harmless."""

    rows: tuple[Mapping[str, Any], ...] = ()
    trouble: tuple[str, ...] = ()


def asked(*words: str, also: int = 0) -> Answer:
    """What `engine WORDS --json` answers. Blocks until it does. `also` is a status beside 0 that is an answer."""
    try:
        told = subprocess.run(
            [*ENGINE, *words, "--json"],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=PATIENCE_S,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return Answer(trouble=("it did not answer in time",))
    if told.returncode not in (0, also):
        return Answer(trouble=_said(told.stderr) or ("it failed and did not say why",))
    try:
        return Answer(tuple(json.loads(line) for line in told.stdout.splitlines()))
    except ValueError:
        return Answer(trouble=("its answer is not JSON",))


def _said(raw: bytes) -> tuple[str, ...]:
    lines: Sequence[str] = raw.decode("utf-8", "replace").strip().splitlines()
    return tuple(display(line, WIDE) for line in lines[:LINES])
