"""Several files as one, without doubles: rows as they stand, the first of equal ones kept, provenance beside it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from engine import __version__
from engine.data.doubles import THRESHOLD, Near, exact, text_of
from engine.data.landing import landing, sha256
from engine.data.reading import read_records
from engine.data.rows import Fault, parse_row
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


def merge(files: Sequence[str], out: Path, how: How) -> Merged:
    """Write `out`, and `out` with `.provenance.json` behind it."""
    if any(out.resolve() == Path(name).resolve() for name in files):
        raise Unusable(f"{out} is one of the inputs", "name another file")
    merged, seen, near = Merged(), set[int](), Near(how.threshold)
    with landing(out) as file:
        for where, record in read_records(files):
            row = record if isinstance(record, Fault) else parse_row(record, where, how.kind)
            merged.read += 1
            if isinstance(row, Fault):
                if row.broken and how.broken == "stop":
                    raise Unusable(f"{row.where}: {row.reason}", "mend it, or --broken skip")
                merged.faults.append(row)
                continue
            mark = exact(row)
            if how.dedupe != "none" and mark in seen:
                merged.doubles += 1
            elif how.dedupe == "near" and near.add(text_of(row)) is not None:
                merged.near += 1
            else:
                seen.add(mark)
                file.write(json.dumps(record, ensure_ascii=False).encode() + b"\n")
                merged.rows += 1
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
