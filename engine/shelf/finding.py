"""Checkpoints on this machine's disk: those that were told of, and what globs match. Each is looked into, none is
hashed. A keeper's far end answers with it, so that a folder of hundreds is one question.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any, Iterable, Iterator, Mapping

from engine.shelf import manifest
from engine.shelf.contents import Contents, look, step_in

UNFINISHED = ("~", ".tmp", "-tmp", ".part", ".partial", ".incomplete", ".lock", ".not-resumed")
"""Endings of what is on its way to become a checkpoint, or was one before it was put aside."""
NUMBERS = ("loss", "eval_loss", "best_eval_loss", "learning_rate")
LONGEST = 400
"""Characters of a flaw; damaged files can hold any name."""


@dataclass(frozen=True)
class Found:
    """What lies at a path, as far as its own files say."""

    path: str
    step: int | None = None
    bytes: int | None = None
    t: float | None = None
    kind: str | None = None
    holds: tuple[str, ...] = ()
    metrics: Mapping[str, float] = field(default_factory=dict)
    total: int | None = None
    flaw: str | None = None


def every(asked: Mapping[str, Any], every_byte: bool = False) -> list[Found]:
    """`paths` that were told of, then what `globs` match below `folder`; what is gone is left out."""
    kind = str(asked.get("kind") or "auto")
    folder = Path(str(asked.get("folder") or "/"))
    told = [Path(str(path)) for path in asked.get("paths") or ()]
    globbed = [path for glob in asked.get("globs") or () for path in matched(str(glob), folder)]
    found = (find(path, kind, every_byte) for path in dict.fromkeys([*told, *globbed]))
    return [one for one in found if one is not None]


def find(path: Path, kind: str = "auto", every_byte: bool = False) -> Found | None:
    """None where there is nothing. Our own must be as long as its manifest says; of others, their format tells."""
    try:
        status = path.stat()
        kept = manifest.inside(path) if kind in ("auto", "own") else None
        if kept is not None:
            flaw = manifest.flaw(path, kept, every_byte)
            return _own(path, status.st_mtime, kept, flaw)
        seen = _look(str(path), kind, manifest.signature(path), every_byte)
    except OSError:
        return None
    return Found(
        path=str(path),
        step=step_in(path) if seen.step is None else seen.step,
        bytes=manifest.size(path),
        t=status.st_mtime,
        kind=seen.kind,
        holds=seen.holds,
        metrics=numbers(seen.metrics),
        total=seen.total,
        flaw=seen.flaw and seen.flaw[:LONGEST],
    )


def _own(path: Path, t: float, kept: Mapping[str, Any], flaw: str | None) -> Found:
    holds, step, total = kept.get("holds"), kept.get("step"), kept.get("total")
    return Found(
        path=str(path),
        step=step if isinstance(step, int) else step_in(path),
        bytes=manifest.total(kept),
        t=t,
        kind="own",
        holds=tuple(str(word) for word in holds) if isinstance(holds, list) else (),
        metrics=numbers(kept),
        total=total if isinstance(total, int) else None,
        flaw=flaw and flaw[:LONGEST],
    )


def matched(pattern: str, folder: Path) -> Iterator[Path]:
    """In the order of their names."""
    at, glob = (Path("/"), pattern.lstrip("/")) if pattern.startswith("/") else (folder, pattern)
    for path in sorted(at.glob(glob)):
        if not unfinished(path.name):
            yield path


def unfinished(name: str) -> bool:
    return name.startswith(".") or name.endswith(UNFINISHED)


def numbers(table: Mapping[str, Any] | None) -> dict[str, float]:
    """Those by which a checkpoint is judged."""
    found = table or {}
    return {
        name: float(found[name])
        for name in NUMBERS
        if isinstance(found.get(name), (int, float)) and not isinstance(found.get(name), bool)
    }


def tables(found: Iterable[Found]) -> list[dict[str, Any]]:
    """As they travel."""
    return [dataclasses.asdict(one) for one in found]


@lru_cache(maxsize=1024)
def _look(path: str, kind: str, signature: object, every_byte: bool) -> Contents:
    """Again only when a file has changed."""
    return look(Path(path), kind, every_byte)
