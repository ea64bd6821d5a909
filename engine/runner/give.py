"""List files of this machine, and hand them over: `runner.pyz --give`, requests on standard input, one a line.

`{"base", "patterns", …}` is answered by a line a file, `{"base", "files": [[name, from, to], …]}` by those bytes,
behind lines with how many come of each of the next files. A process of its own, so that hashing gigabytes holds up no
channel, and nice, so that it holds up no training. It ends when nobody asks for a while.
"""

from __future__ import annotations

import glob
import hashlib
import json
import os
import shutil
import signal
import stat
import sys
import time
from typing import Any, BinaryIO, Iterator, Mapping, Sequence

from engine.runner.frames import MAGIC

PIECE = 1 << 20
LONGEST = 16 << 20
"""Bytes of a request."""
NICE = 10
IDLE_S = 60
SMALL, MANY = 1 << 16, 128
"""Bytes of a small file, and how many of them stand behind one line."""


def give() -> int:
    """Answers until nobody asks any more."""
    out = sys.stdout.buffer
    os.nice(NICE)
    out.write(MAGIC)
    out.flush()
    try:
        while True:
            signal.alarm(IDLE_S)
            line = sys.stdin.buffer.readline(LONGEST)
            signal.alarm(0)
            if not line:
                return 0
            _answer(out, line)
            out.flush()
    except BrokenPipeError:
        return 0
    except Shrunk as error:
        print(f"give: {error}", file=sys.stderr)
        return 1


class Shrunk(Exception):
    """A file was cut while it was sent: what follows would be taken for its bytes, so nothing may."""


def _answer(out: BinaryIO, line: bytes) -> None:
    try:
        asked = json.loads(line)
        base = os.path.abspath(os.path.expanduser(str(asked["base"])))
        if "files" in asked:
            _send(out, base, asked["files"], asked.get("bytes_s"))
            return
        for found in listed(base, asked):
            _say(out, found)
        _say(out, {"done": True, "rsync": shutil.which("rsync"), "now": time.time()})
    except BrokenPipeError:
        raise
    except (OSError, ValueError, KeyError, TypeError) as error:
        _say(out, {"refused": f"{type(error).__name__}: {error}"})


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
    seen: set[str] = set()
    entered: set[str] = set()
    for pattern in patterns:
        for path in glob.iglob(os.path.join(glob.escape(base), pattern), recursive=True):
            for one in _inside(path, entered) if deep else [path]:
                name = _below(base, one)
                if name not in seen and not name.startswith(os.pardir):
                    seen.add(name)
                    yield name


def _below(base: str, path: str) -> str:
    """Its name from there. `relpath` takes as long as reading a small file, and most paths need none of it."""
    plain = path.startswith(base + os.sep) and ".." not in path and "/./" not in path
    return path[len(base) + 1 :] if plain and "//" not in path else os.path.relpath(path, base)


def _inside(path: str, entered: set[str]) -> Iterator[str]:
    """All files below. A link to a folder is not entered: it may lead anywhere, or back to where it lies."""
    if os.path.dirname(path) in entered or path in entered:
        return  # with the folder that it lies in
    if os.path.islink(path) or not os.path.isdir(path):
        yield path
        return
    for folder, _, files in os.walk(path):
        entered.add(folder)
        for file in files:
            yield os.path.join(folder, file)


def _sha256(path: str, before: os.stat_result) -> str | None:
    """None where it changed under our eyes, or cannot be read."""
    digest = hashlib.sha256()
    try:
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        block = os.read(fd, PIECE)
        while block:
            digest.update(block)
            block = os.read(fd, PIECE) if len(block) == PIECE else b""
        after = os.fstat(fd)
    except OSError:
        return None
    finally:
        os.close(fd)
    same = (after.st_size, after.st_mtime_ns) == (before.st_size, before.st_mtime_ns)
    return digest.hexdigest() if same else None


def _send(out: BinaryIO, base: str, files: Any, bytes_s: Any) -> None:
    """Small ones are read before it is said how long they are; of a large one that shrinks nobody can know."""
    pace: Pace = Pace(bytes_s)
    waiting: list[bytes | None] = []
    for name, offset, end in files:
        path, part = os.path.join(base, name), (int(offset), int(end))
        large = part[1] - part[0] > SMALL
        if not large:
            waiting.append(_read(path, part))
        if large or len(waiting) == MANY:
            _together(out, waiting, pace)
            waiting = []
        if large:
            _alone(out, path, part, pace)
    _together(out, waiting, pace)


def _together(out: BinaryIO, some: Sequence[bytes | None], pace: Pace) -> None:
    if some:
        _say(out, {"sizes": [None if data is None else len(data) for data in some]})
        whole = b"".join(data for data in some if data)
        out.write(whole)
        pace.passed(len(whole))


def _read(path: str, part: tuple[int, int]) -> bytes | None:
    """None where it cannot be read."""
    try:
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except OSError:
        return None
    try:
        return os.pread(fd, max(part[1] - part[0], 0), part[0])
    except OSError:
        return None
    finally:
        os.close(fd)


def _alone(out: BinaryIO, path: str, part: tuple[int, int], pace: Pace) -> None:
    try:
        file = open(path, "rb")
    except OSError:
        _say(out, {"sizes": [None]})
        return
    offset, end = part
    with file:
        size = max(min(os.fstat(file.fileno()).st_size, end) - offset, 0)
        _say(out, {"sizes": [size]})
        file.seek(offset)
        while size:
            block = file.read(min(PIECE, size))
            if not block:
                raise Shrunk(path)
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
