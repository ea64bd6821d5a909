"""Are the files there that the profile expects? A pattern that matches nothing is missing; an empty file is too."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from pathlib import Path

from engine.events import Event
from engine.events.keeper import ArtifactsChecked
from engine.hosts import LOCAL
from engine.runs import Run
from engine.scalars.keeper import Opening


def checked(patterns: Iterable[str], run: Run, last: Opening) -> Iterator[Event]:
    """What was found and what is missing, where anything is expected; of another machine, among what came from it."""
    expected = tuple(patterns)
    if expected:
        came = str(run.pulled / "files")
        cwd, root = (last.cwd, "/") if last.machine == LOCAL else (came, came)
        found, missing = look(expected, cwd, run.folder, root)
        yield ArtifactsChecked(time.time(), last.number, found, missing)


def look(
    patterns: Iterable[str], cwd: str, run: Path, root: str = "/"
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """(found, missing). Relative patterns are looked for where the command ran, then in the run's folder."""
    found: list[str] = []
    missing: list[str] = []
    for pattern in patterns:
        first = Path(root) if Path(pattern).is_absolute() else Path(cwd)
        there = _there(pattern.lstrip("/"), first) or _there(pattern.lstrip("/"), run)
        (found if there else missing).append(pattern)
    return tuple(found), tuple(missing)


def _there(pattern: str, folder: Path) -> bool:
    return any(_full(path) for path in folder.glob(pattern))


def _full(path: Path) -> bool:
    return path.is_dir() or path.stat().st_size > 0
