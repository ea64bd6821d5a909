"""Are the files there that the profile expects? A pattern that matches nothing is missing; an empty file is too."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path


def look(patterns: Iterable[str], cwd: str, run: Path) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """(found, missing). Relative patterns are looked for where the command ran, then in the run's folder."""
    found: list[str] = []
    missing: list[str] = []
    for pattern in patterns:
        (found if _there(pattern, Path(cwd)) or _there(pattern, run) else missing).append(pattern)
    return tuple(found), tuple(missing)


def _there(pattern: str, folder: Path) -> bool:
    if Path(pattern).is_absolute():
        folder, pattern = Path("/"), pattern.lstrip("/")
    return any(_full(path) for path in folder.glob(pattern))


def _full(path: Path) -> bool:
    return path.is_dir() or path.stat().st_size > 0
