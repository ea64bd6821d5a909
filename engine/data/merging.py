"""Several files as one, without doubles: rows as they stand, the first of equal ones kept, provenance beside it.

Any number of processes reads, and one decides, in the order of the files: the bytes are the same.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from engine import __version__
from engine.data.crew import shared
from engine.data.doubles import THRESHOLD, Near, split
from engine.data.landing import landing, sha256
from engine.data.reading import present
from engine.data.rows import Fault
from engine.data.sifting import Sieve, Sifted, open_sieve
from engine.data.units import pieces, place
from engine.errors import Unusable


@dataclass
class Merged:
    """What became of the rows."""

    read: int = 0
    rows: int = 0
    doubles: int = 0
    near: int = 0
    faults: list[Fault] = field(default_factory=list)
    sha256: str = ""
    inputs: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class How:
    kind: str = "auto"
    dedupe: str = "exact"
    threshold: float = THRESHOLD
    broken: str = "stop"
    workers: int = 0
    """Processes; 0: one a core."""


class Merger:
    """Decides which rows are kept, in their order."""

    def __init__(self, merged: Merged, how: How) -> None:
        self._merged, self._how = merged, how
        self._seen, self._near = set[bytes](), Near(how.threshold)

    def kept(self, sifted: Sifted) -> bytes:
        """The lines of a unit that are there for the first time."""
        merged, marks = self._merged, split(sifted.marks)
        merged.read += len(marks) + len(sifted.faults)
        fresh = set(marks)
        if self._how.dedupe == "none":
            merged.rows += len(marks)
            return sifted.lines
        if self._how.dedupe == "exact" and len(fresh) == len(marks):
            if fresh.isdisjoint(self._seen):
                self._seen |= fresh
                merged.rows += len(marks)
                return sifted.lines
        return b"".join(self._picked(sifted, marks))

    def _picked(self, sifted: Sifted, marks: list[bytes]) -> Iterator[bytes]:
        start, merged = 0, self._merged
        for index, (mark, end) in enumerate(zip(marks, sifted.ends, strict=True)):
            if mark in self._seen:
                merged.doubles += 1
            elif sifted.signatures and self._near.add(sifted.signatures[index]) is not None:
                merged.near += 1
            else:
                self._seen.add(mark)
                merged.rows += 1
                yield sifted.lines[start:end]
            start = end


def merge(files: Sequence[str], out: Path, how: How) -> Merged:
    """Write `out`, and `out` with `.provenance.json` behind it."""
    if any(out.resolve() == Path(name).resolve() for name in files):
        raise Unusable(f"{out} is one of the inputs", "name another file")
    merged, parts, base = Merged(), pieces(present(files)), 0
    merger = Merger(merged, how)
    with landing(out) as file:
        coming = shared(open_sieve, Sieve(how.kind, how.dedupe == "near"), parts, how.workers)
        for unit, sifted in zip(parts, coming, strict=True):
            base = 0 if unit.start == 0 else base
            for number, reason, broken in sifted.faults:
                fault = Fault(place(unit.path, base + number), reason, broken)
                if broken and how.broken == "stop":
                    raise Unusable(f"{fault.where}: {reason}", "mend it, or --broken skip")
                merged.faults.append(fault)
            file.write(merger.kept(sifted))
            base += sifted.count
    merged.sha256 = file.sha256
    merged.inputs = {name: sha256(Path(name)) for name in files}
    _tell(merged, out, how)
    return merged


def _tell(merged: Merged, out: Path, how: How) -> None:
    told = {
        "schema": 1, "versions": {"engine": __version__}, "inputs": merged.inputs,
        "output": {"name": out.name, "sha256": merged.sha256, "rows": merged.rows},
        "read": merged.read, "doubles": merged.doubles, "near": merged.near,
        "faults": len(merged.faults), "dedupe": how.dedupe, "threshold": how.threshold,
    }  # fmt: skip
    with landing(out.with_name(out.name + ".provenance.json")) as file:
        file.write(json.dumps(told, indent=1).encode() + b"\n")
