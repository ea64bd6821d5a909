"""Which files of a project go to a machine, and the name of just these bytes.

What git would not keep does not go either; secrets in ignored files stay here. A link goes as the file that it leads
to when that lies in the project; everything else that is no regular file stays.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import stat
import subprocess
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

from engine.errors import Unusable

NEVER = frozenset(
    (
        ".git",
        "__pycache__",
        ".venv",
        "venv",
        "node_modules",
        ".mypy_cache",
        ".ruff_cache",
        ".pytest_cache",
    )
)
"""Folders that nobody means, where there is no git to say so."""
MOST_FILES, MOST_BYTES = 50_000, 1 << 30
LISTS_S = 60.0


@dataclass(frozen=True)
class Item:
    """One file, by its path from the project with forward slashes."""

    name: str
    path: Path
    bytes: int
    executable: bool


@dataclass(frozen=True)
class Selection:
    """What goes. `digest` is the same for the same names, contents and executable bits, whatever their times."""

    items: tuple[Item, ...]
    digest: str

    @property
    def bytes(self) -> int:
        return sum(item.bytes for item in self.items)


def select(
    root: Path, push: Iterable[str], exclude: Iterable[str], also: Iterable[str] = ()
) -> Selection:
    """The files that match a glob of `push` and none of `exclude`, those named besides, and their digest."""
    found = {item.name: item for item in chosen(root, push, exclude)}
    found.update((item.name, item) for item in named(root, also))
    items = [found[name] for name in sorted(found)]
    return Selection(tuple(items), _digest(items))


def named(root: Path, names: Iterable[str]) -> Iterator[Item]:
    """Files, all files of folders, and what globs match, whatever git says of them."""
    for name in names:
        for path in [root / name] if (root / name).exists() else sorted(root.glob(name)):
            inside = sorted(path.rglob("*")) if path.is_dir() else [path]
            for one in inside:
                item = _item(root, one.relative_to(root).as_posix())
                if item is not None:
                    yield item


def chosen(root: Path, push: Iterable[str], exclude: Iterable[str]) -> list[Item]:
    """The same without reading one; refused where it is more than anybody means. * crosses folders too."""
    wanted, unwanted = tuple(push), tuple(exclude)
    items = []
    for name in sorted(set(_names(root))):
        if _fits(name, wanted) and not _fits(name, unwanted):
            item = _item(root, name)
            if item is not None:
                items.append(item)
    _bounded(root, items)
    return items


def _fits(name: str, globs: tuple[str, ...]) -> bool:
    return any(
        fnmatchcase(name, glob) or fnmatchcase(name, glob.rstrip("/") + "/*") for glob in globs
    )


def _names(root: Path) -> Iterator[str]:
    if shutil.which("git") is not None:
        words = ["git", "-C", str(root), "ls-files", "-z", "-co", "--exclude-standard", "--", "."]
        try:
            done = subprocess.run(words, capture_output=True, timeout=LISTS_S, check=False)
        except subprocess.TimeoutExpired:
            raise Unusable(
                f"git does not list {root}", "set [workspace] push to fewer files"
            ) from None
        if done.returncode == 0:
            yield from (os.fsdecode(name) for name in done.stdout.split(b"\0") if name)
            return
    for folder, folders, files in os.walk(root):
        folders[:] = sorted(name for name in folders if name not in NEVER)
        inside = os.path.relpath(folder, root)
        for file in files:
            yield file if inside == "." else f"{inside}/{file}".replace(os.sep, "/")


def _item(root: Path, name: str) -> Item | None:
    path = root / name
    try:
        real = path.resolve(strict=True)
        found = real.stat()
    except (OSError, RuntimeError):  # listed by git and deleted, or a circle of links
        return None
    if not stat.S_ISREG(found.st_mode) or not real.is_relative_to(root.resolve()):
        return None
    return Item(name, path, found.st_size, bool(found.st_mode & stat.S_IXUSR))


def _bounded(root: Path, items: list[Item]) -> None:
    total = sum(item.bytes for item in items)
    if len(items) > MOST_FILES or total > MOST_BYTES:
        largest = max(items, key=lambda item: item.bytes)
        raise Unusable(
            f"{root} would send {len(items):,} files, {total / 1e6:,.0f} MB; the largest is {largest.name}",
            'say what goes in [workspace] push, for example ["src/**", "*.py"], or exclude data',
        )


def _digest(items: list[Item]) -> str:
    whole = hashlib.sha256()
    for item in items:
        head = f"{item.name}\0{int(item.executable)}\0{_content(item.path)}\n"
        whole.update(head.encode("utf-8", "surrogateescape"))
    return whole.hexdigest()


def _content(path: Path) -> str:
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()
