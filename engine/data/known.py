"""SHA-256 of files, remembered by their stat, so that opening a cache does not read a corpus again.

A file is known by device, inode, size, and the times of its content and of its inode; every write changes the last,
and it cannot be set back. What changed within the last two seconds is not remembered: its clock may be too coarse.
"""

from __future__ import annotations

import json
import os
import time
from contextlib import suppress
from pathlib import Path

from engine.data.landing import NoRoom, landing, sha256

COARSE_NS = 2_000_000_000
NAME = ".files.json"


def home() -> Path:
    """Where the trainer looks for tokens: `$COCKPIT_HOME/cache/tokens`, else in the user's cache folder."""
    if os.environ.get("COCKPIT_HOME"):
        return Path(os.environ["COCKPIT_HOME"]).expanduser().absolute() / "cache" / "tokens"
    base = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(base) / "training-cockpit" / "tokens"


def digests(paths: list[str], memory: Path) -> list[str]:
    """The SHA-256 of each file; `memory` is the folder that remembers."""
    kept, learned = _read(memory / NAME), False
    found: list[str] = []
    for name in paths:
        path = Path(name).resolve()
        mark = _mark(path)
        entry = kept.get(str(path))
        if entry is None or entry[0] != mark:
            entry = [mark, sha256(path)]
            if _mark(path) == mark and time.time_ns() - path.stat().st_ctime_ns > COARSE_NS:
                kept[str(path)] = entry
                learned = True
        found.append(str(entry[1]))
    if learned:
        _write(memory / NAME, kept)
    return found


def _mark(path: Path) -> list[int]:
    stat = path.stat()
    return [stat.st_dev, stat.st_ino, stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns]


def _read(path: Path) -> dict[str, list[object]]:
    try:
        table = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return {}
    return table if isinstance(table, dict) else {}


def _write(path: Path, table: dict[str, list[object]]) -> None:
    # where nothing can be remembered, files are read again
    with suppress(OSError, NoRoom), landing(path) as file:
        file.write(json.dumps(table).encode())
