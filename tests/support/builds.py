"""A deliberately broken copy of the engine: the control of a promise is that breaking it is noticed."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path

import engine

Patch = Mapping[str, tuple[str, str]]
"""File below `engine/` → (what stands there, what shall stand there)."""


def broken(into: Path, patch: Patch) -> Path:
    """A tree to put on PYTHONPATH. A patch that fits nowhere is an error: the control would prove nothing."""
    source = Path(engine.__file__).parent
    shutil.copytree(source, into / "engine", ignore=shutil.ignore_patterns("__pycache__"))
    for name, (old, new) in patch.items():
        path = into / "engine" / name
        text = path.read_text("utf-8")
        if old not in text:
            raise AssertionError(f"{name} has no such text any more: {old!r}")
        path.write_text(text.replace(old, new), "utf-8")
    return into
