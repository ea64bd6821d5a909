"""A run of a script of others with checkpoints on the disk, told into files: for whatever looks at them."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from engine import profile
from engine.checkpoints.committing import Committing
from engine.events import keeper as k
from engine.profile import Profile
from engine.reader import RunReader
from engine.runs import Run
from tests.support import journals
from tests.support import stories as s
from tests.support.stories import Told


def of(glob: str, **tables: Any) -> Profile:
    table = {
        "name": "tale",
        "recipe": "command",
        "command": {"argv": ["python3", "train.py"], "resume": ["--resume", "{path}"]},
        "checkpoints": {"glob": [glob], **tables.pop("checkpoints", {})},
        **tables,
    }
    return profile.from_table(table)


def opened(project: Path, number: int = 1, **more: Any) -> Told:
    words = ("python3", "train.py")
    reason = "resume" if more else "launch"
    return "keeper", k.AttemptOpened(s.T0, number, "local", words, str(project), reason, **more)


def run(logs: Path, project: Path, wanted: Profile, *more: Told | Iterable[Told]) -> Run:
    """Accepted, opened in the project, started, and what else was told."""
    made = journals.write(logs, s.accepted(), opened(project), s.started(), *more)
    made.profile.write_bytes(wanted.canonical())
    return made


def committed(made: Run, wanted: Profile) -> Committing:
    """What a keeper does at the end of an attempt, written into its journal."""
    committing = Committing(made, wanted)
    facts = committing.finish(RunReader(made).poll())
    journals.write(made.folder.parent, [("keeper", fact) for fact in facts])
    return committing
