"""The copy of an attempt's files on the user's side: bytes from an offset, appended as they are.

The copy is a prefix of what the machine has, to the byte, or it is not written. A console that the script emptied is
emptied here too; facts are never taken back, so a machine whose journal begins anew is an error and not a new copy.
"""

from __future__ import annotations

import os

from engine import system
from engine.runner.followed import digest
from engine.runner.frames import SEGMENTS, Bytes
from engine.runs import PRIVATE_FILE, Attempt, Run

FACTS = ("runner", "trainer", "files")


class Torn(Exception):
    """What came does not continue what is here."""


def have(attempt: Attempt) -> dict[str, tuple[int, str]]:
    """How much of each segment is here, and how it begins."""
    found = {}
    for name in SEGMENTS:
        path = attempt.segment(name)
        size = path.stat().st_size if path.exists() else 0
        found[name] = (size, digest(str(path), size) if size else "")
    return found


def write(run: Run, news: Bytes) -> None:
    """Append what came. A disk that takes half of it gets none."""
    path = run.attempt(news.attempt).segment(news.segment)
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | system.RAW, PRIVATE_FILE)
    try:
        size = os.fstat(fd).st_size
        if news.offset > size:
            raise Torn(f"{path}: {news.offset - size} bytes are missing")
        if news.offset < size:
            _begin_anew(fd, news, str(path))
        _append(fd, news)
    finally:
        os.close(fd)


def _begin_anew(fd: int, news: Bytes, path: str) -> None:
    if news.segment in FACTS:
        raise Torn(f"{path}: the machine's journal is another one than it was")
    os.ftruncate(fd, news.offset)


def _append(fd: int, news: Bytes) -> None:
    done = 0
    try:
        while done < len(news.data):
            done += system.write_at(fd, news.data[done:], news.offset + done)
    except OSError:
        os.ftruncate(fd, news.offset)
        raise
