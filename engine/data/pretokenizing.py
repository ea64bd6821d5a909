"""Rows to a store of tokens, once: parallel, in order, to be killed at any moment and gone on with.

One process writes a store: it holds the lock, and a second one waits and then finds it made. Workers only compute.
What is on disk up to the last line of `progress.jsonl` is durable; whatever lies behind is cut off and done again.
"""

from __future__ import annotations

import errno
import fcntl
import hashlib
import json
import os
import shutil
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from multiprocessing import get_context
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from engine import __version__
from engine.data import packing, work
from engine.data.known import digests
from engine.data.landing import landing, sha256
from engine.data.reading import expand
from engine.data.rows import Fault
from engine.data.store import (
    MANIFEST,
    SHORT,
    Origin,
    Source,
    Store,
    mapped,
    open_store,
    read_manifest,
    why_missing,
)
from engine.data.template import Render
from engine.data.units import Unit, units
from engine.data.work import Done, Task, Worker, begin, do, line_base
from engine.errors import Unusable

PROGRESS = "progress.jsonl"
COMMIT_S = 1.0
SMALL = 8 << 20
"""Bytes below which other processes cost more than they bring."""
KEPT_FAULTS = 200

Tell = Callable[[int, int, int], None]
"""Bytes done, bytes in all, tokens."""


@dataclass
class Progress:
    """What is durable: the totals after so many units."""

    units: int = 0
    tokens: int = 0
    documents: int = 0
    trained: int = 0
    cut: int = 0
    useless: int = 0
    broken: int = 0
    faults: list[dict[str, Any]] = field(default_factory=list)


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
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _make(task: Task, folder: Path, way: Way) -> None:
    part = folder.with_name(f"{folder.name}.part")
    part.mkdir(exist_ok=True)
    parts = units([source.name for source in task.origin.files])
    task = replace(task, sample=work.sample_of(parts, task.origin))
    writer = Writer(part, task)
    try:
        writer.follow(_done(task, parts[writer.progress.units :], way), parts, way)
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
    count = way.workers or len(os.sched_getaffinity(0))
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


class Writer:
    """Appends documents; the only one that writes in its folder."""

    def __init__(self, folder: Path, task: Task) -> None:
        self.folder, self.task = folder, task
        self.dtype = np.dtype(np.uint16 if vocab(task.tokenizer) <= 1 << 16 else np.uint32)
        self.progress = self._read()
        self._committed = 0.0
        names = ["tokens.bin", "ends.bin"] + ([] if task.origin.running else ["learned.bin"])
        self._files = {name: self._open(name) for name in names}
        self._log = (folder / PROGRESS).open("ab")

    def follow(self, coming: Iterator[Done], parts: list[Unit], way: Way) -> None:
        total = sum(unit.bytes for unit in parts)
        behind = sum(unit.bytes for unit in parts[: self.progress.units])
        for done in coming:
            unit = parts[self.progress.units]
            self._note(done, unit, way.broken)
            self._append(done)
            behind += unit.bytes
            if time.monotonic() - self._committed > COMMIT_S:
                self._commit()
            if way.tell is not None:
                way.tell(behind, total, self.progress.tokens)
        self._commit()

    def finish(self) -> None:
        """Pack, and name everything that is there."""
        progress, origin = self.progress, self.task.origin
        if progress.documents == 0:
            why = "; ".join(f"{one['where']}: {one['reason']}" for one in progress.faults[:5])
            raise Unusable(f"data: no row is left to train on. {why or 'The files are empty.'}")
        self.close()
        outputs = list(self._files)
        bins = None
        if not origin.running:
            ends = mapped(self.folder / "ends.bin", "int64")
            sizes = np.diff(ends, prepend=0)
            bins = packing.pack(sizes, origin.max_length, origin.seed, origin.packing)
            for name, array in (("bins.bin", bins.documents), ("bounds.bin", bins.bounds)):
                with landing(self.folder / name) as file:
                    file.write(array.tobytes())
                outputs.append(name)
        told = {
            "schema": 1, "digest": origin.digest, "dtype": self.dtype.name, "origin": asdict(origin),
            "versions": {"engine": __version__, "numpy": np.__version__},
            **{key: value for key, value in asdict(progress).items() if key != "units"},
            "bins": None if bins is None else len(bins),
            "outputs": {name: _output(self.folder / name) for name in outputs},
        }  # fmt: skip
        with landing(self.folder / "meta.json") as file:
            # what readers of running tokens, nanoGPT's among them, ask for
            file.write(json.dumps({"dtype": self.dtype.name}).encode())
        with landing(self.folder / MANIFEST) as file:
            file.write(json.dumps(told, indent=1).encode() + b"\n")
        (self.folder / PROGRESS).unlink()

    def close(self) -> None:
        for file in (*self._files.values(), self._log):
            file.close()

    def _read(self) -> Progress:
        """The last whole line of an earlier writer, if it did the same."""
        path = self.folder / PROGRESS
        head = json.dumps(self.task.origin.digest).encode() + b"\n"
        told = path.read_bytes().split(b"\n") if path.exists() else []
        if not told or told[0] + b"\n" != head:
            path.write_bytes(head)
            return Progress()
        found = Progress()
        for line in told[1:-1]:
            found = Progress(**json.loads(line))
        if told[-1]:
            # a torn tail: the line was on its way when its writer died
            path.write_bytes(b"\n".join(told[:-1]) + b"\n")
        return found

    def _open(self, name: str) -> BinaryIO:
        width = {"tokens.bin": self.dtype.itemsize, "ends.bin": 8, "learned.bin": 1}[name]
        count = self.progress.documents if name == "ends.bin" else self.progress.tokens
        file = (self.folder / name).open("ab")
        file.truncate(width * count)
        return file

    def _append(self, done: Done) -> None:
        found, progress = done.documents, self.progress
        self._files["tokens.bin"].write(found.tokens.astype(self.dtype).tobytes())
        self._files["ends.bin"].write((found.ends + progress.tokens).tobytes())
        if "learned.bin" in self._files:
            self._files["learned.bin"].write(found.learned.tobytes())
        progress.units += 1
        progress.tokens += len(found.tokens)
        progress.documents += len(found.ends)
        progress.trained += int(found.learned.sum())
        progress.cut += len(found.cut)

    def _note(self, done: Done, unit: Unit, broken: str) -> None:
        if not done.faults:
            return
        lined = Path(unit.path).suffix not in (".json", ".csv", ".parquet", ".txt")
        base = line_base(unit.path, unit.start) if lined else 0
        for number, reason, bad in done.faults:
            where = f"{unit.path}:{base + number}" if lined else f"{unit.path}[{number}]"
            if bad and broken == "stop":
                raise Unusable(
                    f"{where}: {reason}", "mend it, or leave such rows out: broken = skip"
                )
            self.progress.broken += bad
            self.progress.useless += not bad
            if len(self.progress.faults) < KEPT_FAULTS:
                self.progress.faults.append(asdict(Fault(where, reason, bad)))

    def _commit(self) -> None:
        for file in self._files.values():
            file.flush()
            os.fsync(file.fileno())
        self._log.write(json.dumps(asdict(self.progress)).encode() + b"\n")
        self._log.flush()
        os.fsync(self._log.fileno())
        self._committed = time.monotonic()


def vocab(tokenizer: bytes) -> int:
    """One more than the largest id."""
    table = json.loads(tokenizer)
    said = table["model"].get("vocab", {})
    ids = said.values() if isinstance(said, dict) else range(len(said))
    return 1 + max([*ids, *(one["id"] for one in table.get("added_tokens", []))], default=0)


def _output(path: Path) -> dict[str, Any]:
    return {"bytes": path.stat().st_size, "sha256": sha256(path)}
