"""A phase that names a curriculum's folder trains on the rows that were drawn for it there, and on no others.

`curriculum.json` says which file is the current one and what is in it; a file that holds anything else is refused.
"""

from __future__ import annotations

import glob
import json
import shlex
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from engine.data.known import digests
from engine.data.landing import landing
from engine.data.preparing import DRAW, INDEX, read_index
from engine.data.reading import SUFFIXES
from engine.errors import Unusable
from engine.profile import Profile, plain
from engine.profile.tables.data import Phase


def is_curriculum(names: tuple[str, ...]) -> bool:
    return len(names) == 1 and (Path(names[0]) / INDEX).is_file()


def pinned(job: Profile, memory: Path) -> tuple[Profile, list[str]]:
    """The profile with the file of every phase that names a curriculum, and what is to be said of them.

    Where the rows come from is written down in the folder `memory`.
    """
    whole = job.data.train
    phases: list[Phase] = []
    said: list[str] = []
    for phase in job.phase:
        names = phase.data or whole
        if names and job.data.buckets:
            _refuse(phase, names[0])
        if is_curriculum(names):
            path, entry = current(Path(names[0]), phase.id, memory)
            said += _sentences(phase, path, entry)
            phase = replace(phase, data=(str(path),))
            with landing(memory / f"phase{phase.id}.json") as file:
                file.write(json.dumps({"path": str(path), **entry}, indent=1).encode() + b"\n")
        phases.append(phase)
    if not job.phase and is_curriculum(whole):
        known = ", ".join(read_index(Path(whole[0])) or {"phases": {}}["phases"])
        raise Unusable(
            f"data.train = {whole[0]!r} is a curriculum of phases: {known}",
            "name them as [[phase]]",
        )
    return replace(job, phase=tuple(phases)), said


def current(folder: Path, phase: str, memory: Path) -> tuple[Path, dict[str, Any]]:
    """The rows that are drawn for a phase, and what the index tells of them."""
    index = read_index(folder)
    if index is None:
        raise Unusable(f"{folder / INDEX} cannot be read", _remedy(str(folder)))
    entry = index["phases"].get(phase)
    if entry is None:
        known = ", ".join(index["phases"])
        raise Unusable(
            f"{folder / INDEX} has no phase {phase} (it has {known})", _remedy(str(folder))
        )
    told = entry["files"].get("merged")
    if told is None:
        fix = "draw again without --no-merge"
        raise Unusable(f"{folder}: the rows of phase {phase} were not written", fix)
    path = folder / told["name"]
    if not path.is_file():
        raise Unusable(f"{path} is gone", _remedy(str(folder)))
    (found,) = digests([str(path)], memory)
    if found != told["sha256"]:
        raise Unusable(
            f"{path} is not what was drawn: its SHA-256 is {found[:12]}, {INDEX} says {told['sha256'][:12]}",
            _remedy(str(folder)),
        )
    return path, entry


def _refuse(phase: Phase, name: str) -> None:
    """A folder that nobody drew into; what is missing of files is told by who reads them."""
    path = Path(name)
    if path.suffix in (*SUFFIXES, ".bin") or glob.has_magic(name):
        return
    if not path.exists():
        raise Unusable(f"phase {phase.id}: {name} is not there", _remedy(name))
    drawn = any(getattr(phase, key) for key in DRAW)
    if drawn and path.is_dir() and not any((path / one).is_file() for one in (INDEX, "tokens.bin")):
        why = f"phase {phase.id}: {path / INDEX} is not there, so nobody knows which rows were drawn for it"
        raise Unusable(why, _remedy(name))


def _sentences(phase: Phase, path: Path, entry: dict[str, Any]) -> Iterator[str]:
    mark = entry["files"]["merged"]["sha256"][:12]
    yield f"phase {phase.id}: {entry['rows']:,} rows as drawn, {path.name}, SHA-256 {mark}"
    asked, drawn = plain(phase), entry["ask"]
    other = [name for name in DRAW if asked.get(name) and asked.get(name) != drawn.get(name)]
    if other:
        said = "; ".join(
            f"{name} {drawn.get(name)}, the profile says {asked[name]}" for name in other
        )
        yield f"phase {phase.id} was drawn with {said}"


def _remedy(folder: str) -> str:
    return f"engine data curriculum --config PROFILE --out {shlex.quote(folder)} draws it"
