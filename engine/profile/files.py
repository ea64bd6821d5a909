"""Profiles on disk: finding one by name, following `extends`. The only file here that reads the disk."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from stat import S_ISREG
from typing import Any

from engine.display import display
from engine.profile.faults import Fault, Faults, ProfileError, Where, shown
from engine.profile.layer import Layer, layer, merge
from engine.profile.nearest import close
from engine.profile.scan import BYTES
from engine.profile.toml import parse

CHAIN = 8
"""Files that may extend one another."""
HERE = (Path("profiles"),)


def read(
    cls: type, source: str | Path, search: Sequence[Path], faults: Faults
) -> tuple[Layer, str]:
    """A profile with all it extends, and the name of its own file."""
    folders = tuple(search) or HERE
    at = Where("profile")
    file = _located(source, folders, at)
    layers = list(_chain(cls, file, folders, faults, at))
    below = layers[-1]
    for above in reversed(layers[:-1]):
        below = merge(cls, _nameless(below), above)
    if "name" not in layers[0].table:
        below = Layer({**below.table, "name": file.stem}, below.origins)
    return below, _printed(file)


def _chain(
    cls: type, file: Path, folders: tuple[Path, ...], faults: Faults, at: Where
) -> Iterator[Layer]:
    """The file itself first, then what it extends, and so on; `at` is where a file was named."""
    seen: list[str] = []
    left = BYTES
    while True:
        data = _bytes(file, left, at)
        left -= len(data)
        seen.append(os.path.realpath(file))
        table, origins = parse(data, _printed(file))
        base = table.pop("extends", None)
        yield layer(cls, table, origins, faults)
        if base is None:
            return
        at = origins[("extends",)]
        if not isinstance(base, str) or not base or not base.isprintable():
            raise _refusal(at, "extends", "must be the name or the path of a profile")
        file = _located(base, (file.parent, *folders), at, file.parent)
        if os.path.realpath(file) in seen:
            raise _refusal(at, "extends", f"goes round in a circle at {_printed(file)}")
        if len(seen) == CHAIN:
            raise _refusal(at, "extends", f"goes through more than {CHAIN} files")


def _located(
    source: str | Path, folders: tuple[Path, ...], at: Where, beside: Path = Path()
) -> Path:
    """A name is looked up in the folders; a path is a file, relative to the one that names it."""
    text = str(source)
    if isinstance(source, Path) or text.endswith(".toml") or "/" in text or "\\" in text:
        return Path(os.path.normpath(beside / os.path.expanduser(text)))
    for folder in folders:
        if (folder / f"{text}.toml").exists():
            return folder / f"{text}.toml"
    near = close(text, (file.stem for folder in folders for file in folder.glob("*.toml")))
    looked = ", ".join(dict.fromkeys(_printed(folder) for folder in folders))
    fix = f"did you mean {shown(near)}? " if near else ""
    raise _refusal(at, "", f"no profile {shown(text)}", f"{fix}looked in {looked}")


def _bytes(file: Path, left: int, at: Where) -> bytes:
    """All of it; `left` is what the files before it leave of what a profile may hold."""
    try:
        # a device never ends, and a pipe may never begin
        if not S_ISREG(file.stat().st_mode):
            raise _refusal(at, "", f"{_printed(file)} is not a file")
        with file.open("rb") as stream:
            data = stream.read(left + 1)
    except (FileNotFoundError, NotADirectoryError, ValueError):
        raise _refusal(at, "", f"no file {_printed(file)}") from None
    except OSError as error:
        raise _refusal(at, "", f"cannot read {_printed(file)}: {error.strerror}") from None
    if len(data) > left:
        together = "" if left == BYTES else ", with the files that extend it,"
        raise _refusal(Where(_printed(file)), "", f"is{together} larger than {BYTES // 1024} KB")
    return data


def _nameless(below: Layer) -> Layer:
    table: Mapping[str, Any] = {k: v for k, v in below.table.items() if k != "name"}
    return Layer(table, below.origins)


def _printed(path: Path) -> str:
    return display(str(path), 200)


def _refusal(at: Where, key: str, what: str, fix: str | None = None) -> ProfileError:
    return ProfileError([Fault((key,) if key else (), what, fix, at)])
