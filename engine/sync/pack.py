"""A selection as one stream of bytes: a tar in which nothing but names, contents and the executable bit stands."""

from __future__ import annotations

import gzip
import io
import tarfile
from typing import Protocol

from engine.errors import Unusable
from engine.sync.selection import Item, Selection

PIECE = 256 * 1024


class Sink(Protocol):
    """Takes bytes; may block."""

    def write(self, data: bytes) -> object:
        """All of them."""


def pack(selection: Selection, sink: Sink) -> None:
    """Compressed a little: source shrinks, and a link is slower than the fastest deflate."""
    with gzip.GzipFile(fileobj=_Whole(sink), mode="wb", compresslevel=1, mtime=0) as small:
        with tarfile.open(fileobj=small, mode="w|", bufsize=PIECE) as archive:
            for item in selection.items:
                _add(archive, item)


def _add(archive: tarfile.TarFile, item: Item) -> None:
    entry = tarfile.TarInfo(item.name)
    entry.size = item.bytes
    entry.mode = 0o700 if item.executable else 0o600
    with open(item.path, "rb") as file:
        try:
            archive.addfile(entry, file)
        except OSError as error:
            if "unexpected end of data" not in str(error):
                raise
            raise Unusable(f"{item.path} shrank while it was sent", "launch again") from error


class _Whole(io.RawIOBase):
    """What tarfile writes to."""

    def __init__(self, sink: Sink) -> None:
        super().__init__()
        self._sink = sink

    def writable(self) -> bool:
        return True

    def write(self, data: object) -> int:
        block = bytes(data)  # type: ignore[call-overload]
        self._sink.write(block)
        return len(block)
