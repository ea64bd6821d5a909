"""Whether anything came: the sizes of a run's files."""

from __future__ import annotations

import os

from engine import vault
from engine.runs import Run


def marks(run: Run) -> tuple[int, ...]:
    """Sizes of everything that is read: cheap enough for ten times a second."""
    paths = [run.keeper]
    for attempt in run.attempts():
        paths += [attempt.runner, attempt.trainer, attempt.console, attempt.job]
    return tuple(_size(os.fspath(path)) for path in paths)


def _size(path: str) -> int:
    found = vault.size(path)
    return -1 if found is None else found
