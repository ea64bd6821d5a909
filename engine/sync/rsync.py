"""rsync's words, and what it says. Pure: nothing is executed here.

What comes is files and nothing else: no links, devices, owners or modes. Names are asked for one by one, and since
3.2.5 rsync itself turns away what it did not ask for; an older one is not used.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable, Sequence

OLDEST = (3, 2, 5)
SILENT_S = 15
PARTS = ".part"
"""Where half a file waits, beside its place."""
VERSION = re.compile(r"rsync +version v?(\d+)\.(\d+)\.(\d+)")
PROGRESS = re.compile(rb"\s*([\d,.]+)\s+(\d+)%\s")
UNSOUND = (1, 2, 4, 5, 12, 14, 127)
"""Exit codes of two that do not understand each other: a login shell that prints, no rsync there."""
INCOMPLETE = (23, 24)
"""Exit codes for some files that could not be read, or went away: who checks what came sees which."""


def fetch(rsh: Sequence[str], source: str, target: str, bytes_s: float | None) -> list[str]:
    """The command; the names come on its standard input, each ended by a NUL."""
    return [
        "rsync",
        "--files-from=-",
        "--from0",
        "--no-implied-dirs",
        "--copy-links",
        "--times",
        "--chmod=D700,F600",
        f"--partial-dir={PARTS}",
        "--secluded-args",
        f"--timeout={SILENT_S}",
        "--info=progress2",
        "--outbuf=L",
        *([f"--bwlimit={max(int(bytes_s / 1024), 1)}"] if bytes_s else []),
        "-e",
        shlex.join(rsh),
        f"{source.rstrip('/')}/",
        f"{target.rstrip('/')}/",
    ]


def names(found: Iterable[str]) -> bytes:
    return b"".join(name.encode("utf-8", "surrogateescape") + b"\0" for name in found)


def sound(version: str) -> bool:
    """It does what is asked here; openrsync, which macOS has, does not."""
    found = VERSION.match(version)
    return found is not None and tuple(map(int, found.groups())) >= OLDEST


def progress(line: bytes) -> int | None:
    """Bytes so far, from a line of its progress."""
    found = PROGRESS.match(line)
    return int(re.sub(rb"[^\d]", b"", found[1])) if found else None
