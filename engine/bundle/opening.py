"""Open a bundle to be looked at: its parts stand in memory under the paths of a run's folder, and nowhere else.

Whatever it was made by, it is read within bounds: the directory before it is parsed, the number and the size of parts
before they are unpacked, and again while they are. A name from it never becomes a path; only parts of known names are
read. What is damaged, unknown or not as its own list says is told and does not keep the rest from being seen.
"""

from __future__ import annotations

import hashlib
import json
import os
import struct
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

from engine import vault
from engine.bundle import form, notes
from engine.display import display
from engine.errors import NotFound, Problem, Unusable
from engine.events import encode
from engine.runs import ID, Run

MAGIC = b"PK\x03\x04"
_END = struct.Struct("<4s4H2IH")
_BLOCK = 1 << 18
_BROKEN = (
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    NotImplementedError,
    RuntimeError,
    ValueError,
    struct.error,
)
AGAIN = "ask for it again, or for the run's folder"


@dataclass
class Opened:
    """A bundle as it was found. `doubts` are sentences; without any it is what its list says."""

    run: Run
    manifest: dict[str, Any]
    doubts: list[str] = field(default_factory=list)

    @property
    def removed(self) -> dict[str, int]:
        """What its maker took out, by kind."""
        found: dict[str, int] = {}
        for kinds in _table(self.manifest.get("removed")).values():
            for what, count in _table(kinds).items():
                if isinstance(count, int):
                    found[str(what)] = found.get(str(what), 0) + count
        return found


def is_bundle(path: Path) -> bool:
    """By its first bytes."""
    try:
        with open(path, "rb") as file:
            return path.is_file() and file.read(len(MAGIC)) == MAGIC
    except OSError:
        return False


def opened(path: Path) -> Opened:
    """The run in it, readable by whoever reads runs until this process ends."""
    path = path.absolute()
    try:
        with open(path, "rb") as file:
            _directory(file, path)
            with zipfile.ZipFile(file) as archive:
                return _held(archive, path)
    except FileNotFoundError:
        raise NotFound(f"no file {path}", "name a bundle") from None
    except _BROKEN as error:
        raise Unusable(f"{path} is no bundle: {display(str(error), 200)}", AGAIN) from None
    except OSError as error:
        raise Unusable(f"cannot read {path}: {error.strerror}", "check its owner") from error


def _directory(file: BinaryIO, path: Path) -> None:
    """The size of the list of contents, before anybody reads that list."""
    size = os.fstat(file.fileno()).st_size
    if size < _END.size:
        raise Unusable(f"{path} is no bundle: it is too short", AGAIN)
    file.seek(size - _END.size)
    mark, _, _, _, count, length, start, comment = _END.unpack(file.read(_END.size))
    if mark != b"PK\x05\x06" or comment:
        raise Unusable(f"{path} is no bundle, or its end is missing", AGAIN)
    if count > form.MOST_PARTS or length > form.MOST_DIRECTORY or start + length > size:
        raise Unusable(f"{path} lists more than a bundle can hold", AGAIN)
    file.seek(0)


def _held(archive: zipfile.ZipFile, path: Path) -> Opened:
    infos = archive.infolist()
    doubts: list[str] = []
    parts = {info.filename: info for info in infos if form.PART.fullmatch(info.filename)}
    unknown = [i.filename for i in infos if i.filename not in parts and i.filename != form.MANIFEST]
    if len({info.filename for info in infos}) < len(infos):
        raise Unusable(f"{path} holds a part twice", AGAIN)
    if unknown:
        some = ", ".join(display(name, 60) for name in unknown[:4])
        doubts.append(f"{len(unknown)} parts are unknown here and were not read: {some}")
    if sum(info.file_size for info in parts.values()) > form.MOST_BYTES:
        raise Unusable(f"{path} would be larger than {form.MOST_BYTES >> 20} MiB", AGAIN)
    manifest = _manifest(archive, path, doubts)
    run = Run(path / _id(manifest, path))
    if "keeper.jsonl" not in parts:
        raise Unusable(f"{path} holds no run", AGAIN)
    listed, left = _table(manifest.get("parts")), form.MOST_BYTES
    held: dict[str, int] = {}
    try:
        for name, info in parts.items():
            fd, count = _part(archive, info, left, (doubts, _table(listed.get(name)).get("sha256")))
            held[f"{run.id}/{name}"] = fd
            left -= count
    except Unusable:
        for fd in held.values():
            os.close(fd)
        raise
    _with_notes(run, held[f"{run.id}/keeper.jsonl"], doubts)
    doubts += [
        f"{display(str(name), 60)} is listed and not there" for name in listed if name not in parts
    ]
    vault.hold(path, held)
    return Opened(run, manifest, doubts)


def _manifest(archive: zipfile.ZipFile, path: Path, doubts: list[str]) -> dict[str, Any]:
    """Its own list of contents. One that cannot be read is no reason to show nothing."""
    try:
        with archive.open(form.MANIFEST) as file:
            found = json.loads(file.read(form.MOST_MANIFEST))
    except (KeyError, RecursionError, OSError, *_BROKEN):
        found = None
    if not isinstance(found, dict):
        doubts.append(f"its {form.MANIFEST} cannot be read: nothing in it is verified")
        return {}
    schema = found.get("schema")
    if not isinstance(schema, int) or schema > form.SCHEMA:
        told = display(str(found.get("version")), 40)
        doubts.append(f"it was made by a newer program ({told}): what is unknown here is left out")
    return found


def _id(manifest: dict[str, Any], path: Path) -> str:
    """The run's name, where it is one; else one that nobody has."""
    name = manifest.get("run")
    return name if isinstance(name, str) and ID.fullmatch(name) else "bundle-19700101-000000-0000"


def _part(
    archive: zipfile.ZipFile, info: zipfile.ZipInfo, most: int, check: tuple[list[str], Any]
) -> tuple[int, int]:
    """A part in memory, and its size. What is damaged is there as far as it could be read."""
    doubts, wanted = check
    mark, count = hashlib.sha256(), 0
    with vault.nameless() as file:
        try:
            for block in _blocks(archive, info):
                count += len(block)
                if count > min(most, info.file_size):
                    raise Unusable(f"{info.filename} is larger than it says", AGAIN)
                mark.update(block)
                file.write(block)
        except (OSError, *_BROKEN) as error:
            doubts.append(
                f"{info.filename} is damaged behind byte {count:,}: {display(str(error), 80)}"
            )
        else:
            if wanted != mark.hexdigest():
                doubts.append(f"{info.filename} is not what its list says: it is not verified")
        file.flush()
        return os.dup(file.fileno()), count


def _blocks(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> Iterator[bytes]:
    with archive.open(info) as source:
        while block := source.read(_BLOCK):
            yield block


def _with_notes(run: Run, keeper: int, doubts: list[str]) -> None:
    """What a reader of this bundle wrote beside it stands in its journal too."""
    path = notes.beside(run)
    if not path.is_file():
        return
    try:
        found = notes.read(path, run)
    except Problem as problem:
        doubts.append(str(problem))
        return
    os.lseek(keeper, 0, os.SEEK_END)
    os.write(keeper, b"\n" + b"".join(map(encode, found)))


def _table(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
