"""List files of this machine, and hand them over: `runner.pyz --give`, one line of JSON on standard input.

`{"base", "patterns", …}` is answered by a line a file, `{"base", "files": [[name, from, to], …]}` by those bytes, each
behind a line with the name and how many come. A process of its own, so that hashing gigabytes holds up no
channel, and nice, so that it holds up no training.
"""

from __future__ import annotations

import glob
import hashlib
import json
import os
import shutil
import stat
import sys
import time
from typing import Any, BinaryIO, Iterator, Mapping

from engine.runner.frames import MAGIC

PIECE = 1 << 20
LONGEST = 16 << 20
"""Bytes of a request."""
NICE = 10


def give() -> int:
    """Answers, and ends."""
    out = sys.stdout.buffer
    out.write(MAGIC)
    try:
        asked = json.loads(sys.stdin.buffer.readline(LONGEST))
        os.nice(NICE)
        base = os.path.abspath(os.path.expanduser(str(asked["base"])))
        if "files" in asked:
            _send(out, base, asked["files"], asked.get("bytes_s"))
        else:
            for found in listed(base, asked):
                _say(out, found)
            _say(out, {"done": True, "rsync": shutil.which("rsync"), "now": time.time()})
    except BrokenPipeError:
        return 0
    except (OSError, ValueError, KeyError, TypeError) as error:
        _say(out, {"refused": f"{type(error).__name__}: {error}"})
    out.flush()
    return 0


def listed(base: str, asked: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """What fits the patterns: names from `base`, sizes, times, and with `hash` the SHA-256 of what did not change
    meanwhile. With `deep` a folder stands for all files in it, else for itself. What is as in `have` is left out.
    """
    have: Mapping[str, Any] = asked.get("have") or {}
    for name in sorted(_names(base, asked["patterns"], bool(asked.get("deep")))):
        path = os.path.join(base, name)
        try:
            found = os.stat(path)
        except OSError:  # a script that cleans up while we look
            continue
        mark = [found.st_size, found.st_mtime_ns]
        folder = stat.S_ISDIR(found.st_mode)
        if have.get(name) == mark or not (folder or stat.S_ISREG(found.st_mode)):
            continue
        told = {"name": name, "bytes": mark[0], "mtime_ns": mark[1], "folder": folder}
        yield {**told, "sha": _sha256(path, found) if asked.get("hash") and not folder else None}


def _names(base: str, patterns: Any, deep: bool) -> Iterator[str]:
    seen = set()
    for pattern in patterns:
        for path in glob.iglob(os.path.join(glob.escape(base), pattern), recursive=True):
            for one in _inside(path) if deep else [path]:
                name = os.path.relpath(one, base)
                if name not in seen and not name.startswith(os.pardir):
                    seen.add(name)
                    yield name


def _inside(path: str) -> Iterator[str]:
    """A link to a folder is not entered: it may lead anywhere, or back to where it lies."""
    if os.path.islink(path) or not os.path.isdir(path):
        yield path
        return
    for folder, _, files in os.walk(path):
        for file in files:
            yield os.path.join(folder, file)


def _sha256(path: str, before: os.stat_result) -> str | None:
    """None where it changed under our eyes, or cannot be read."""
    digest = hashlib.sha256()
    try:
        with open(path, "rb") as file:
            while True:
                block = file.read(PIECE)
                if not block:
                    break
                digest.update(block)
            after = os.fstat(file.fileno())
    except OSError:
        return None
    same = (after.st_size, after.st_mtime_ns) == (before.st_size, before.st_mtime_ns)
    return digest.hexdigest() if same else None


def _send(out: BinaryIO, base: str, files: Any, bytes_s: Any) -> None:
    pace = Pace(bytes_s)
    for name, offset, end in files:
        try:
            file = open(os.path.join(base, name), "rb")
        except OSError:
            _say(out, {"name": name, "bytes": None})
            continue
        with file:
            size = max(min(os.fstat(file.fileno()).st_size, int(end)) - int(offset), 0)
            _say(out, {"name": name, "bytes": size})
            file.seek(int(offset))
            while size:
                block = file.read(min(PIECE, size))
                if not block:
                    raise OSError(f"{name} shrank while it was sent")
                out.write(block)
                size -= len(block)
                pace.passed(len(block))


class Pace:
    """No more than so many bytes a second, measured from the start."""

    def __init__(self, bytes_s: Any) -> None:
        self._bytes_s = float(bytes_s) if bytes_s else None
        self._began, self._sent = time.monotonic(), 0

    def passed(self, count: int) -> None:
        self._sent += count
        if self._bytes_s:
            ahead = self._sent / self._bytes_s - (time.monotonic() - self._began)
            time.sleep(max(ahead, 0.0))


def _say(out: BinaryIO, body: Mapping[str, Any]) -> None:
    out.write(json.dumps(body).encode() + b"\n")
