"""A reader's notes on a bundle: a small file beside it, which goes back to whom the run belongs.

Each line is a note with the run's name. The bundle itself never changes; bringing the notes in twice is once.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path

from engine import vault
from engine.bundle.form import NOTES
from engine.errors import NotFound, Unusable
from engine.events.keeper import Noted
from engine.runs import PRIVATE_FILE, Run

MOST = 4 << 20
LONGEST = 4000


def beside(run: Run) -> Path:
    """Where the notes on a run inside a bundle lie."""
    bundle = run.folder.parent
    return bundle.with_name(bundle.name + NOTES)


def write(run: Run, note: Noted) -> Path:
    """One line more."""
    path = beside(run)
    line = {"run": run.id, "id": note.id, "t": note.t, "by": note.by, "text": note.text}
    try:
        fd = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, PRIVATE_FILE)
        with os.fdopen(fd, "ab") as file:
            file.write(json.dumps(line).encode() + b"\n")
    except OSError as error:
        raise Unusable(
            f"cannot write {path}: {error.strerror}", "copy the bundle to a folder of yours"
        ) from error
    return path


def read(path: Path, run: Run) -> list[Noted]:
    """Those on this run. A file of another run's notes is refused as a whole."""
    try:
        data = vault.small(path, MOST)
    except FileNotFoundError:
        raise NotFound(
            f"no file {path}", f"notes lie beside their bundle and end in {NOTES}"
        ) from None
    except (OSError, ValueError) as error:
        raise Unusable(f"cannot read {path}: {error}", "name a file of notes") from None
    found = list(_notes(data))
    others = sorted({name for name, _ in found if name != run.id})
    if others or not found:
        about = f"is about {others[0][:60]}, not about {run.id}" if others else "holds no note"
        raise Unusable(f"{path} {about}", "engine note RUN --from FILE")
    return [note for _, note in found]


def _notes(data: bytes) -> Iterator[tuple[str, Noted]]:
    for line in data.splitlines():
        try:
            told = json.loads(line)
            run, text, by, t = (told[key] for key in ("run", "text", "by", "t"))
            number = told["id"]
        except (ValueError, KeyError, TypeError, RecursionError):
            continue
        whole = all(isinstance(word, str) for word in (run, text, by, number))
        if whole and isinstance(t, (int, float)) and 0 < len(text) <= LONGEST and len(number) <= 64:
            yield run, Noted(float(t), number, text, by[:64])
