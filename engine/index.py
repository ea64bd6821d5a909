"""A line for each run, fast: what is final and unchanged is not read again.

A final run's row lies in its `.cache/row.json` beside the sizes and times of what it was folded
from; when any of these differ, or this program does, the run is folded anew. Live runs always are.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from typing import Any

from engine import __version__
from engine.runs import PRIVATE_DIR, Run

SCHEMA = 1
_MANIFEST = "MANIFEST.json"
_NUMBER = (int, float, str, type(None))  # a number that is not finite is a word
_WHOLE = (int, type(None))
_SHAPE: Mapping[str, tuple[type, ...]] = {
    "schema": (int,),
    "run": (str,),
    "profile": (str, type(None)),
    "host": (str, type(None)),
    "state": (str,),
    "word": (str,),
    "exit_status": _WHOLE,
    "phase": (str, type(None)),
    "step": _WHOLE,
    "total": _WHOLE,
    "loss": _NUMBER,
    "learning": (str,),
    "eta": _NUMBER,
    "spent": _NUMBER,
    "at_risk_steps": _WHOLE,
    "at_risk_s": _NUMBER,
    "needs": (int,),
    "keeper": (bool,),
}
Row = dict[str, Any]


def row(run: Run) -> Row:
    """The run's line in `ls`: its cached one, or a fresh one that is cached when the run is final."""
    key = _key(run)
    return _cached(run, key) or _fresh(run, key)


def _fresh(run: Run, key: list[Any]) -> Row:
    # Folding is loaded only for runs that need it.
    from engine.observe import Observer, place

    observer = Observer(run)
    frame = observer.frame()
    status = observer.status(frame)
    table = status.table()
    found: Row = {name: table[name] for name in _SHAPE if name in table}
    found.update(
        schema=SCHEMA,
        loss=table["metrics"].get("loss"),
        learning=status.learning.verdict,
        eta=table["eta"]["at"],
        spent=table["cost"]["spent"],
        at_risk_steps=status.at_risk.steps,
        at_risk_s=table["at_risk"]["seconds"],
        needs=len(status.needs),
        keeper=bool(frame.sight.keeper_alive),
    )
    found = {name: found[name] for name in _SHAPE}
    if status.exit_status is not None:
        saved = {
            str(place(attempt, told.path))
            for attempt in frame.view.attempts
            for told in attempt.facts.trainer.saved
        }
        _keep(run, {"key": key, "saved": _marks(saved), "row": found})
    return found


def is_live(found: Row) -> bool:
    """The run is not at its end."""
    return found["exit_status"] is None


def _key(run: Run) -> list[Any]:
    """Sizes and times of everything that a fold reads."""
    marks: list[Any] = [__version__, SCHEMA, _mark(os.fspath(run.keeper))]
    for attempt in run.attempts():
        folder = os.fspath(attempt.folder)
        names = ("job.json", "runner.jsonl", "trainer.jsonl", "console.log")
        marks.append([_mark(f"{folder}/{name}") for name in names])
    return marks


def _mark(path: str) -> list[int] | None:
    try:
        found = os.stat(path)
    except (OSError, ValueError):  # a trainer may tell a path that is none
        return None
    return [found.st_size, found.st_mtime_ns]


def _marks(saved: set[str]) -> dict[str, list[int] | None]:
    """Checkpoints come and go beside the journal, and the work at risk with them."""
    return {path: _mark(f"{path}/{_MANIFEST}") for path in sorted(saved)}


def _cached(run: Run, key: list[Any]) -> Row | None:
    try:
        with open(f"{run.cache}/row.json", "rb") as file:
            kept = json.load(file)
        same = kept["key"] == key and kept["saved"] == _marks(set(kept["saved"]))
        return kept["row"] if same and _fits(kept["row"]) else None
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return None


def _fits(found: Any) -> bool:
    return (
        isinstance(found, dict)
        and found.keys() == _SHAPE.keys()
        and all(isinstance(found[name], kinds) for name, kinds in _SHAPE.items())
    )


def _keep(run: Run, kept: dict[str, Any]) -> None:
    """A cache that cannot be written is no cache, and no error."""
    hidden = f"{run.cache}/row.{os.getpid()}.tmp"
    try:
        run.cache.mkdir(mode=PRIVATE_DIR, exist_ok=True)
        with open(os.open(hidden, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            json.dump(kept, file, separators=(",", ":"))
        os.replace(hidden, f"{run.cache}/row.json")
    except OSError:
        return
