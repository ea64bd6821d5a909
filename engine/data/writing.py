"""The writer of a store: appends documents, commits what is durable, packs and names everything at the end.

What is on disk up to the last line of `progress.jsonl` is durable; whatever lies behind is cut off and done again.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from engine import __version__
from engine.data import packing
from engine.data.landing import landing, sha256
from engine.data.rows import Fault
from engine.data.store import MANIFEST, mapped
from engine.data.units import Unit, is_lined, newlines, place
from engine.data.work import Done, Task
from engine.errors import Unusable

PROGRESS = "progress.jsonl"
COMMIT_S = 1.0
KEPT_FAULTS = 200


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


class Writer:
    """Appends documents; the only one that writes in its folder."""

    def __init__(self, folder: Path, task: Task) -> None:
        self.folder, self.task = folder, task
        ids = task.ids or vocab(task.tokenizer)
        self.dtype = np.dtype(np.uint16 if ids <= 1 << 16 else np.uint32)
        self.progress = self._read()
        self._committed = 0.0
        names = ["tokens.bin", "ends.bin"] + ([] if task.origin.running else ["learned.bin"])
        self._files = {name: self._open(name) for name in names}
        self._log = (folder / PROGRESS).open("ab")

    def follow(self, coming: Iterator[Done], parts: list[Unit], broken: str) -> Iterator[int]:
        """Write what comes; gives the bytes that are behind it after each unit."""
        behind = sum(unit.bytes for unit in parts[: self.progress.units])
        for done in coming:
            unit = parts[self.progress.units]
            self._note(done, unit, broken)
            self._append(done)
            behind += unit.bytes
            if time.monotonic() - self._committed > COMMIT_S:
                self._commit()
            yield behind
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
        base = newlines(unit.path, 0, unit.start) if is_lined(unit.path) else 0
        for number, reason, bad in done.faults:
            where = place(unit.path, base + number)
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
