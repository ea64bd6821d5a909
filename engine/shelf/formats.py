"""Files of tensors, looked into without loading them: safetensors headers and the directories of torch's zip files.

A file that is shorter or longer than what it says of itself was cut off or is something else. Nothing is unpickled.
"""

from __future__ import annotations

import json
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from engine.shelf.pickles import Unreadable, outline

HEADER_CAP = 100 << 20
"""Bytes; the format's own bound."""
TORCH = (".pt", ".pth", ".bin", ".ckpt")
PICKLE = b"\x80"
"""How torch's old format begins, which tells no length and is left alone."""
INDEX_CAP = 256 << 20
"""Bytes of a pickle that is followed."""


class Flawed(ValueError):
    """The file is not whole, and why."""


def safetensors(path: Path) -> dict[str, Any]:
    """The header: name of a tensor → dtype, shape, offsets. The data must end where the header says."""
    size = path.stat().st_size
    with path.open("rb") as file:
        length = int.from_bytes(file.read(8), "little")
        if size < 8 or length > min(HEADER_CAP, size - 8):
            raise Flawed(f"{path.name} is cut off: its header does not fit into {size} bytes")
        raw = file.read(length)
    try:
        header = json.loads(raw)
        ends = [int(e["data_offsets"][1]) for n, e in header.items() if n != "__metadata__"]
    except (ValueError, KeyError, TypeError, IndexError, AttributeError, RecursionError):
        raise Flawed(f"{path.name} has a damaged header") from None
    wanted = 8 + length + max(ends, default=0)
    if wanted != size:
        what = "cut off" if wanted > size else "longer than its header says"
        raise Flawed(f"{path.name} is {what}: {size} of {wanted} bytes")
    return header if isinstance(header, dict) else {}


def is_zip(path: Path) -> bool:
    """By its first bytes: one that was cut off still begins so."""
    return _begin(path, 4) == b"PK\x03\x04"


def _begin(path: Path, size: int) -> bytes:
    with path.open("rb") as file:
        return file.read(size)


def archive(path: Path, every_byte: bool = False) -> dict[str, int]:
    """Names and sizes in a zip whose directory is whole; with `every_byte` each part's checksum is computed."""
    try:
        with zipfile.ZipFile(path) as found:
            if every_byte and (bad := found.testzip()) is not None:
                raise Flawed(f"{path.name} is damaged: the checksum of {bad} does not agree")
            return {entry.filename: entry.file_size for entry in found.infolist()}
    except (zipfile.BadZipFile, EOFError, NotImplementedError, RuntimeError) as error:
        raise Flawed(f"{path.name} is cut off or damaged: {error}") from None


def torch_file(path: Path) -> Any:
    """What is in a file of `torch.save`, with names for objects; None for its old format, which is left alone."""
    if not is_zip(path):
        return None
    parts = archive(path)
    index = next((name for name in parts if name.rpartition("/")[2] == "data.pkl"), None)
    if index is None:
        raise Flawed(f"{path.name} has no index of tensors")
    if parts[index] > INDEX_CAP:
        return None
    try:
        with zipfile.ZipFile(path) as found:
            return outline(found.read(index))
    except Unreadable:
        return None
    except (zipfile.BadZipFile, OSError, EOFError, RuntimeError) as error:
        raise Flawed(f"{path.name} is damaged: {error}") from None


def table(path: Path, cap: int = 64 << 20) -> Mapping[str, Any]:
    """A JSON object of moderate size."""
    try:
        if path.stat().st_size > cap:
            raise Flawed(f"{path.name} is too large to be what its name says")
        found = json.loads(path.read_bytes())
    except (ValueError, RecursionError):
        raise Flawed(f"{path.name} is cut off or damaged: it is no JSON") from None
    if not isinstance(found, dict):
        raise Flawed(f"{path.name} holds no object")
    return found


def whole(path: Path, every_byte: bool = False) -> None:
    """Raises Flawed when the file is of a format that tells its own length and does not agree with it."""
    if path.suffix == ".safetensors":
        safetensors(path)
    elif path.suffix == ".json":
        table(path)
    elif is_zip(path):
        archive(path, every_byte)
    elif path.suffix in TORCH and _begin(path, 1) != PICKLE:
        raise Flawed(f"{path.name} is cut off or damaged: it does not begin as a file of torch")
