"""Rows to a store of tokens, once: parallel, in order, to be killed at any moment and gone on with.

One process writes a store: it holds the lock, and a second one waits and then finds it made. Workers only compute."""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass, replace
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from engine import system
from engine.data import work
from engine.data.known import digests
from engine.data.reading import expand
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
from engine.data.work import Done, Task, Worker, begin, do
from engine.data.writing import Writer
from engine.errors import Unusable

TURN_S = 0.1
SMALL = 8 << 20
"""Bytes below which other processes cost more than they bring."""

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


def describe(
    inputs: Sequence[str],
    tokenizer: bytes,
    said: Mapping[str, Any],
    memory: Path,
    encoder: str | None,
) -> Task:
    """The task that these inputs and settings are; `memory` remembers the digests of files."""
    names = [found for name in inputs for found in expand(name)]
    for name in names:
        if not Path(name).is_file():
            raise Unusable(f"data: no file {name} (from {Path.cwd()})")
    sources = tuple(
        Source(name, mark, Path(name).stat().st_size)
        for name, mark in zip(names, digests(names, memory), strict=True)
    )
    origin = Origin(sources, hashlib.sha256(tokenizer).hexdigest(), **said)
    if origin.template != "model":
        work.render_of(origin)
    return Task(origin, tokenizer, encoder=encoder)


def ensure(task: Task, out: Path, way: Way) -> Outcome:
    """The store of this task below `out`: the one that is there, or a new one."""
    begun = time.monotonic()
    folder = out / task.origin.digest[:SHORT]
    if way.mode != "rebuild" and _ready(folder, task):
        return Outcome(open_store(folder), True, None, time.monotonic() - begun)
    reason = "asked to rebuild" if way.mode == "rebuild" else why_missing(out, task.origin)
    if way.mode == "require":
        raise Unusable(f"{out}: no tokens of these inputs: {reason}", "cache = 'auto' makes them")
    out.mkdir(parents=True, exist_ok=True)
    with _alone(out / f".{folder.name}.lock"):
        if way.mode != "rebuild" and _ready(folder, task):
            return Outcome(open_store(folder), True, None, time.monotonic() - begun)
        _make(task, folder, way)
    return Outcome(open_store(folder), False, reason, time.monotonic() - begun)


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
        while not system.lock(file.fileno()):
            time.sleep(TURN_S)
        yield


def _make(task: Task, folder: Path, way: Way) -> None:
    part = folder.with_name(f"{folder.name}.part")
    part.mkdir(exist_ok=True)
    parts = units([source.name for source in task.origin.files])
    task = replace(task, sample=work.sample_of(parts, task.origin))
    total = sum(unit.bytes for unit in parts)
    writer = Writer(part, task)
    try:
        coming = _done(task, parts[writer.progress.units :], way)
        for behind in writer.follow(coming, parts, way.broken):
            if way.tell is not None:
                way.tell(behind, total, writer.progress.tokens)
        writer.finish()
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise
        raise Unusable(
            f"{part}: the disk is full after {writer.progress.units} of {len(parts)} units",
            "free room and do the same again: it goes on there",
        ) from None
    finally:
        writer.close()
    if folder.exists():
        shutil.rmtree(folder)
    os.replace(part, folder)


def _done(task: Task, parts: list[Unit], way: Way) -> Iterator[Done]:
    """The units in their order, by as many processes as there are cores."""
    count = way.workers or system.cores()
    if way.render is not None or count == 1 or sum(unit.bytes for unit in parts) < SMALL:
        worker = Worker(task, way.render)
        yield from map(worker.do, parts)
        return
    ahead = 2 * count
    with ProcessPoolExecutor(count, get_context("spawn"), begin, (task,)) as pool:
        waiting = [pool.submit(do, unit) for unit in parts[:ahead]]
        try:
            for index in range(len(parts)):
                if index + ahead < len(parts):
                    waiting.append(pool.submit(do, parts[index + ahead]))
                yield waiting.pop(0).result()
        except BrokenProcessPool:
            raise Unusable(
                "a process that tokenizes was killed, probably for memory",
                "do the same again with fewer workers: it goes on where it stood",
            ) from None
        finally:
            pool.shutdown(cancel_futures=True)
