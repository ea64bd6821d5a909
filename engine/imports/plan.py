"""What a path is, by its content, and so which runs it becomes. Nothing is written here."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from engine.errors import NotFound, Unusable
from engine.imports import crc, markdown, table, trackio, wandb

MOST_FILES = 100_000
PARTS = frozenset(("train", "validation", "valid", "val", "eval", "test"))
"""Folders in which some writers keep the parts of one run."""
CHECKPOINT, STATE = re.compile(r"checkpoint-(\d+)"), "trainer_state.json"
KNOWN = "tfevents, .wandb, Trackio's database, trainer_state.json, CSV, JSON lines and consoles are known"


@dataclass(frozen=True)
class Source:
    """One file, how it is read, and what stands before its metrics' names."""

    kind: str
    path: Path
    prefix: str = ""
    run: str = ""
    """Which of the file's runs, where it holds several."""


@dataclass(frozen=True)
class Plan:
    """One run to be: the files that make it."""

    name: str
    sources: tuple[Source, ...]
    console: Path | None = None


def plan(path: Path) -> list[Plan]:
    """The runs that this file or folder becomes."""
    if path.is_dir():
        found = list(_of_folder(path))
        if not found:
            raise Unusable(f"nothing in {path} can be imported", f"{KNOWN}; name the file itself")
        return found
    if not path.exists():
        raise NotFound(f"no file {path}", "name a file or a folder")
    kind = kind_of(path)
    if kind is None:
        raise Unusable(f"{path} cannot be imported", KNOWN)
    if kind == "trackio":
        return [Plan(run, (Source(kind, path, run=run),)) for run in trackio.runs(path)]
    if kind == "markdown":
        return [
            Plan(one.name, (Source(kind, path, run=str(one.number)),))
            for one in markdown.sessions(path)
        ]
    if kind == "console":
        return [Plan(path.stem, (), path)]
    return [Plan(_name(path), (Source(kind, path),))]


def kind_of(path: Path) -> str | None:
    """How a file is read, by its first bytes and then its name; None where nothing fits."""
    try:
        with open(path, "rb") as file:
            head = file.read(64 * 1024)
    except OSError as error:
        raise Unusable(
            f"cannot read {path}: {error.strerror}", "check its owner and its rights"
        ) from error
    if head.startswith(wandb.HEADER):
        return "wandb"
    if head.startswith(trackio.MAGIC):
        return "trackio" if trackio.runs(path) else None
    if len(head) >= 12 and crc.masked(head[:8]) == int.from_bytes(head[8:12], "little"):
        return "tfevents"
    return _text_kind(path, head)


def _text_kind(path: Path, head: bytes) -> str | None:
    if b"\0" in head or not head.strip():
        return None
    if path.suffix == ".json":
        return "state" if table.is_state(path) else None
    if path.suffix in (".jsonl", ".ndjson") and table.first_object(path) is not None:
        return "jsonl"
    if path.suffix == ".md" and markdown.is_log(head.decode("utf-8", "replace")):
        return "markdown"
    if path.suffix in (".csv", ".tsv"):
        return "csv"
    return "console"


def _of_folder(folder: Path) -> Iterator[Plan]:
    """One run of W&B, of TensorBoard or of a Trainer; else what lies below."""
    files = sorted(path for path in folder.iterdir() if path.is_file() and not path.is_symlink())
    logs = [path for path in files if path.suffix == ".wandb" and kind_of(path) == "wandb"]
    if logs:
        for path in logs:
            printed = folder / "files" / "output.log"
            console = printed if printed.is_file() else None
            yield Plan(_name(path), (Source("wandb", path),), console)
        return
    if any(_is_events(path) for path in files) or _in_parts(folder):
        yield Plan(folder.absolute().name, tuple(_events(folder)))
        return
    yield from _loose(files)
    folders = [path for path in folder.iterdir() if path.is_dir() and not path.is_symlink()]
    passed = _passed(folders, any(path.name == STATE for path in files))
    for below in sorted(set(folders) - passed):
        if not below.name.startswith("."):
            yield from _of_folder(below)


def _passed(folders: list[Path], whole: bool) -> set[Path]:
    """Checkpoints of a Trainer whose history a later one, or the file beside them, has in whole."""
    found = {
        int(match[1]): path
        for path in folders
        if (match := CHECKPOINT.fullmatch(path.name)) and (path / STATE).is_file()
    }
    kept = max(found, default=None)
    return {path for step, path in found.items() if whole or step != kept}


def _loose(files: list[Path]) -> Iterator[Plan]:
    """Files that are a run each: databases, states of a Trainer, Lightning's `metrics.csv`."""
    for path in files:
        if path.suffix == ".db":
            for run in trackio.runs(path):
                yield Plan(run, (Source("trackio", path, run=run),))
        elif path.name == STATE and table.is_state(path):
            yield Plan(_name(path), (Source("state", path),))
        elif path.name == "metrics.csv":
            yield Plan(_name(path), (Source("csv", path),))


def _in_parts(folder: Path) -> bool:
    """Keras and others write `train` and `validation` beside each other."""
    names = {path.name for path in folder.iterdir() if path.is_dir()}
    parts = [folder / name for name in sorted(names & PARTS)]
    return bool(parts) and any(_is_events(path) for part in parts for path in part.iterdir())


def _events(folder: Path) -> Iterator[Source]:
    """A writer's subfolders are parts of its run; their names go before the metrics'."""
    for count, (here, _, names) in enumerate(sorted(os.walk(folder))):
        if count > MOST_FILES:
            return
        for name in sorted(names):
            path = Path(here) / name
            if _is_events(path):
                below = path.parent.relative_to(folder).as_posix()
                yield Source("tfevents", path, "" if below == "." else f"{below}/")


def _is_events(path: Path) -> bool:
    return ".tfevents." in path.name and path.is_file() and kind_of(path) == "tfevents"


def _name(path: Path) -> str:
    """A file's own name where it says something, else its folder's."""
    plain = path.name in (STATE, "metrics.csv", "metrics.jsonl") or ".tfevents." in path.name
    return path.absolute().parent.name if plain else path.stem
