"""The runner as one file: a zipapp built from the sources, the same bytes from the same sources, named by its content.

Built on the user's side; the machine that trains needs nothing but this file and a Python. Nothing is compressed and
nothing compiled, so neither a zlib nor a Python version shows in the bytes.
"""

from __future__ import annotations

import hashlib
import io
import os
import zipfile
from pathlib import Path

import engine
from engine import journal
from engine.runs import PRIVATE_DIR

PARTS = (
    "__init__.py",
    "adopting.py",
    "alarms",
    "errors.py",
    "shelf",
    "dialects",
    "display.py",
    "events",
    "identity.py",
    "journal.py",
    "notify",
    "procs.py",
    "proof.py",
    "redact.py",
    "runner",
    "scalars",
)
LEFT_OUT = ("runner/bundle.py",)
BEGIN = b"import sys\n\nfrom engine.runner.entry import main\n\nsys.exit(main(sys.argv[1:]))\n"
SHEBANG = b"#!/usr/bin/env python3\n"
EPOCH = (1980, 1, 1, 0, 0, 0)


def bundle() -> Path:
    """The zipapp of this version, in the cache; built when it is not there."""
    data = build()
    folder = cache()
    path = folder / f"runner-{hashlib.sha256(data).hexdigest()[:16]}.pyz"
    if not _holds(path, data):
        folder.mkdir(mode=PRIVATE_DIR, parents=True, exist_ok=True)
        journal.replace(path, data)
    return path


def build() -> bytes:
    """The zipapp's bytes."""
    buffer = io.BytesIO()
    buffer.write(SHEBANG)
    with zipfile.ZipFile(buffer, "a", zipfile.ZIP_STORED) as archive:
        for name, data in [("__main__.py", BEGIN), *sources()]:
            entry = zipfile.ZipInfo(name, EPOCH)
            entry.create_system = 3
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, data)
    return buffer.getvalue()


def sources() -> list[tuple[str, bytes]]:
    """The files that go in, by their names inside, in one order."""
    root = Path(engine.__file__).parent
    paths = [path for part in PARTS for path in [root / part, *sorted((root / part).rglob("*.py"))]]
    chosen = {path.relative_to(root).as_posix(): path for path in paths if path.is_file()}
    return [
        (f"engine/{name}", path.read_bytes())
        for name, path in sorted(chosen.items())
        if name not in LEFT_OUT
    ]


def cache() -> Path:
    """`$COCKPIT_HOME/cache`, else the user's cache folder."""
    if os.environ.get("COCKPIT_HOME"):
        return Path(os.environ["COCKPIT_HOME"]).expanduser().absolute() / "cache"
    base = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(base) / "training-cockpit"


def _holds(path: Path, data: bytes) -> bool:
    try:
        return path.read_bytes() == data
    except OSError:
        return False
