"""Trackio's SQLite: a database is a project, each of its runs becomes one of ours. It is opened for reading only."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import datetime
from pathlib import Path

from engine.imports.told import Found, Names, line, loads, plain_numbers

MAGIC = b"SQLite format 3\0"
MOST_VALUE = 1 << 20


def runs(path: Path) -> list[str]:
    """The names of its runs, oldest first; none where it is another program's database."""
    try:
        with closing(_open(path)) as database:
            found = database.execute(
                "SELECT run_name FROM metrics GROUP BY run_name ORDER BY MIN(id)"
            )
            return [str(name) for (name,) in found]
    except sqlite3.Error:
        return []


def lines(path: Path, run: str, found: Found) -> Iterator[bytes]:
    """The rows of one of its runs."""
    names, block = Names(), []
    found.name = run
    asked = "SELECT step, timestamp, metrics FROM metrics WHERE run_name = ? ORDER BY id"
    with closing(_open(path)) as database:
        try:
            for step, timestamp, metrics in database.execute(asked, (run,)):
                told = loads(metrics) if len(metrics) < MOST_VALUE else None
                values = plain_numbers(told.items()) if isinstance(told, dict) else {}
                if not values:
                    continue
                t = _time(timestamp)
                found.rows += 1
                found.at(t)
                whole = step if isinstance(step, int) else None
                block.append(line(whole, t, {names.of(name): v for name, v in values.items()}))
        except sqlite3.Error as error:
            found.unread.append(f"the database is damaged: {error}")
    yield b"".join(block)


def _open(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)


def _time(text: object) -> float | None:
    try:
        return datetime.fromisoformat(str(text)).timestamp()
    except ValueError:
        return None
