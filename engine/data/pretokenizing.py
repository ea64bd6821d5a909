"""Rows to a store of tokens, once: parallel, in order, to be killed at any moment and gone on with.

One process writes a store: it holds the lock, and a second one waits and then finds it made. Workers only compute."""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from engine.data import work
from engine.data.crew import shared
from engine.data.encoders import PROBES, Encoder, agree, open_encoder
from engine.data.known import digests
from engine.data.landing import room
from engine.data.reading import expand, present
from engine.data.store import (
    SHORT,
    Origin,
    Source,
    Store,
    open_store,
    read_manifest,
    why_missing,
)
from engine.data.template import Render
from engine.data.units import Unit, units
from engine.data.work import Done, Task, Worker, open_worker
from engine.data.writing import Writer
from engine.errors import Unusable

Tell = Callable[[int, int, int], None]
"""Bytes done, bytes in all, tokens."""


@dataclass(frozen=True)
class Outcome:
    store: Store
    reused: bool
    reason: str | None
    """Why it had to be made."""
    seconds: float


@dataclass(frozen=True)
class Way:
    """How to get at the tokens, as the profile says it."""

    mode: str = "auto"
    workers: int = 0
    broken: str = "stop"
    tell: Tell | None = None
    render: Render | None = None
    """A template that only this process knows; the work is then done here."""
    own: Encoder | None = None
    """The tokenizer as this process has it: whatever encodes otherwise is not used."""


def describe(
    inputs: Sequence[str],
    tokenizer: bytes,
    said: Mapping[str, Any],
    memory: Path,
    encoder: str | None,
) -> Task:
    """The task that these inputs and settings are; `memory` remembers the digests of files."""
    names = present(found for name in inputs for found in expand(name))
    sources = tuple(
        Source(name, mark, Path(name).stat().st_size)
        for name, mark in zip(names, digests(names, memory), strict=True)
    )
    if said.get("running"):
        # a stream of texts is cut by who reads it: it is the same for every length
        said = {"eos": said["eos"], "running": True, "max_length": 0}
    origin = Origin(sources, hashlib.sha256(tokenizer).hexdigest(), **said)
    if origin.template != "model":
        work.render_of(origin)
    return Task(origin, tokenizer, encoder=encoder)


def ensure(task: Task, out: Path, way: Way) -> Outcome:
    """The store of this task below `out`: the one that is there, or a new one."""
    begun = time.monotonic()
    folder = out / task.origin.digest[:SHORT]
    if way.mode != "rebuild" and _ready(folder, task):
        return Outcome(_sound(folder, way), True, None, time.monotonic() - begun)
    reason = "asked to rebuild" if way.mode == "rebuild" else why_missing(out, task.origin)
    if way.mode == "require":
        raise Unusable(
            f"cache = 'require', and {out} has no tokens of these inputs: {reason}",
            "cache = 'auto' makes them",
        )
    out.mkdir(parents=True, exist_ok=True)
    with _alone(out / f".{folder.name}.lock"):
        if way.mode != "rebuild" and _ready(folder, task):
            return Outcome(_sound(folder, way), True, None, time.monotonic() - begun)
        there = _make(task, folder, way)
    if there:
        reason += f"; gone on with at {there} %"
    return Outcome(open_store(folder), False, reason, time.monotonic() - begun)


def _sound(folder: Path, way: Way) -> Store:
    """A store that was made while broken rows were left out is not for who wants to be stopped by them."""
    store = open_store(folder)
    if store.manifest["broken"] and way.broken == "stop":
        faults = store.manifest["faults"]
        first = next(
            (f"{one['where']}: {one['reason']}" for one in faults if one["broken"]), folder
        )
        raise Unusable(f"{first}", "mend it, or leave such rows out: broken = skip")
    return store


def _ready(folder: Path, task: Task) -> bool:
    manifest = read_manifest(folder)
    if manifest is None or manifest["digest"] != task.origin.digest:
        return False
    try:
        open_store(folder)
    except Unusable:
        return False
    return True


@contextmanager
def _alone(lock: Path) -> Iterator[None]:
    with lock.open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _make(task: Task, folder: Path, way: Way) -> int:
    """Gives the percent that an earlier writer had done."""
    part = folder.with_name(f"{folder.name}.part")
    with room(part, "free room and do the same again: it goes on there"):
        part.mkdir(exist_ok=True)
        parts = units([source.name for source in task.origin.files])
        task = replace(task, sample=work.sample_of(parts, task.origin))
        total = sum(unit.bytes for unit in parts)
        writer = Writer(part, task)
        there = sum(unit.bytes for unit in parts[: writer.progress.units])
        try:
            coming = _done(task, parts[writer.progress.units :], way)
            for behind in writer.follow(coming, parts, way.broken):
                if way.tell is not None:
                    way.tell(behind, total, writer.progress.tokens)
            writer.finish()
        finally:
            with suppress(
                OSError
            ):  # what a full disk did not take stays behind; it was never counted
                writer.close()
        if folder.exists():
            shutil.rmtree(folder)
        os.replace(part, folder)
    return 100 * there // max(total, 1)


def _done(task: Task, parts: list[Unit], way: Way) -> Iterator[Done]:
    """By as many processes as there are cores, but for what only this one can do."""
    own = way.own if way.own is not None and not _agreed(task, way.own) else None
    if way.render is not None or own is not None:
        return map(Worker(task, way.render, own).do, parts)
    return shared(open_worker, task, parts, way.workers)


def _agreed(task: Task, own: Encoder) -> bool:
    """Whether the fastest encoder of this tokenizer gives the ids that `own` gives, on a sample of the documents."""
    if task.ids is not None:
        return False
    texts = [*PROBES, *task.sample]
    return agree(open_encoder(task.tokenizer, task.sample, task.encoder), own, texts)
