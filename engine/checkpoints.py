"""Which checkpoints a run has and where the newest good one is, by what trainers announced and globs find.

A checkpoint that a trainer announced counts while its folder is there. It never unpickles anything.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from engine.runs import Run
from engine.view import View

if TYPE_CHECKING:
    from engine.profile import Profile

_STEP = re.compile(r"(\d+)(?!.*\d)")


@dataclass(frozen=True)
class Checkpoint:
    """`verified` is how it is known to be good: `manifest` when it was announced after its manifest was durable."""

    name: str
    path: str
    step: int | None
    bytes: int | None
    t: float | None
    verified: str | None


def of_run(run: Run, view: View, profile: Profile) -> list[Checkpoint]:
    """All that are known: announced ones, then those that the profile's globs find in the command's folder."""
    found = announced(view)
    last = view.last
    folder = Path(last.opening.cwd) if last else run.folder
    known = {checkpoint.path for checkpoint in found}
    for pattern in profile.checkpoints.glob:
        found += [c for c in matched(pattern, folder) if c.path not in known]
    return found


def resumable(profile: Profile) -> bool:
    """The profile says how to continue from a checkpoint."""
    return profile.recipe != "command" or bool(profile.command.resume)


def announced(view: View) -> list[Checkpoint]:
    """Those that trainers told of and that are still there, oldest first, each path once."""
    found: dict[str, Checkpoint] = {}
    for attempt in view.attempts:
        for saved in attempt.facts.trainer.saved:
            if os.path.exists(saved.path):
                found.pop(saved.path, None)
                found[saved.path] = Checkpoint(
                    name=Path(saved.path).name,
                    path=saved.path,
                    step=saved.step,
                    bytes=saved.bytes,
                    t=saved.t,
                    verified="manifest" if saved.manifest else None,
                )
    return list(found.values())


def matched(pattern: str, folder: Path) -> list[Checkpoint]:
    """Those that a profile's glob finds, by the last number in their name."""
    found = []
    for path in sorted(folder.glob(pattern)) if not os.path.isabs(pattern) else _absolute(pattern):
        status = path.stat()
        number = step_in(path)
        size = status.st_size if path.is_file() else None
        found.append(Checkpoint(path.name, str(path), number, size, status.st_mtime, None))
    return sorted(found, key=lambda c: (c.step if c.step is not None else -1, c.t or 0.0))


def step_in(path: Path) -> int | None:
    """The last number in a checkpoint's name."""
    found = _STEP.search(path.stem if path.is_file() else path.name)
    return int(found.group(1)) if found else None


def _absolute(pattern: str) -> Iterable[Path]:
    return sorted(Path("/").glob(pattern.lstrip("/")))


def newest(checkpoints: Iterable[Checkpoint]) -> Checkpoint | None:
    """The one with the highest step; of equals, the later."""
    best: Checkpoint | None = None
    for checkpoint in checkpoints:
        if best is None or (checkpoint.step or -1) >= (best.step or -1):
            best = checkpoint
    return best
