"""Write a run as one file: every part scrubbed as it goes by, none of it held in memory."""

from __future__ import annotations

import hashlib
import json
import re
import time
import zipfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, cast

from engine import __version__, columns, vault
from engine.bundle.form import MANIFEST, OF_ATTEMPT, OF_RUN, SCHEMA
from engine.bundle.scrubbing import Scrubber, known
from engine.bundle.shifts import Shifts
from engine.bundle.windows import windows
from engine.cli import words
from engine.data.landing import landing
from engine.errors import NotFound
from engine.events import Row, encode
from engine.reader import chosen_dialect, lens_of
from engine.runs import Attempt, Run

BLOCK = 1 << 20
LEVEL = 6
_GREW = re.compile(rb'"(console|trainer)":(\d{1,18})')


@dataclass
class Packed:
    """What went in and what did not. `removed` counts by part and kind."""

    run: str
    journal: int = 0
    parts: dict[str, dict[str, object]] = field(default_factory=dict)
    removed: dict[str, dict[str, int]] = field(default_factory=dict)
    cut: dict[str, int] = field(default_factory=dict)
    """Bytes of consoles that were too long."""

    def table(self) -> dict[str, object]:
        return {"schema": SCHEMA, "run": self.run, "version": __version__, "made": time.time(),
                "parts": self.parts, "removed": self.removed, "cut": self.cut}  # fmt: skip

    def said(self) -> Iterator[str]:
        for part, kinds in self.removed.items():
            for what, count in kinds.items():
                yield f"removed from {part}: {what}, {words.many(count, 'time')}"
        for part, count in self.cut.items():
            yield f"left out of {part}: {words.size(count)} between its head, its tail and its marks (--whole keeps it)"


def pack(run: Run, path: Path, whole: bool = False) -> Packed:
    """The bundle appears whole or not at all."""
    if vault.size(run.keeper) is None:
        raise NotFound(f"{run.folder} has no journal", "engine ls")
    told, scrub = Packed(run.id), Scrubber(known(run))
    with landing(path) as file:
        out = cast(BinaryIO, _Writes(file.write))
        with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=LEVEL) as archive:
            packing = _Packing(archive, told, scrub, whole)
            for name in OF_RUN:
                packing.small_or_lines(name, run.folder / name)
            for attempt in run.attempts():
                packing.attempt(run, attempt)
            archive.writestr(_info(MANIFEST), json.dumps(told.table(), indent=1))
    return told


class _Writes:
    """A stream for a zip that is written once from its start to its end."""

    def __init__(self, write: Callable[[bytes], object]) -> None:
        self._write, self._at = write, 0

    def write(self, data: bytes, /) -> int:
        self._write(data)
        self._at += len(data)
        return len(data)

    def tell(self) -> int:
        return self._at

    def flush(self) -> None:
        """What is written lands at the end."""

    def seekable(self) -> bool:
        return False


class _Packing:
    def __init__(
        self, archive: zipfile.ZipFile, told: Packed, scrub: Scrubber, whole: bool
    ) -> None:
        self._archive, self._told, self._scrub, self._whole = archive, told, scrub, whole

    def attempt(self, run: Run, attempt: Attempt) -> None:
        """Trainer and console first: what was changed in them moves the runner's time index."""
        shifts = {"trainer": Shifts(), "console": Shifts()}
        silent = not vault.size(attempt.trainer)
        for name in OF_ATTEMPT:
            part, source = f"attempts/{attempt.number}/{name}", attempt.folder / name
            if name == "console.log":
                cut = self._console(part, source, shifts["console"])
                if cut and silent:
                    self._rows(run, attempt)
            elif name == "runner.jsonl":
                self._lines(part, source, Shifts(), shifts)
            elif name == "trainer.jsonl":
                if not silent:
                    self._lines(part, source, shifts["trainer"])
            else:
                self.small_or_lines(part, source)

    def small_or_lines(self, part: str, source: Path) -> None:
        self._lines(part, source, Shifts())

    def _lines(
        self, part: str, source: Path, shifts: Shifts, index: dict[str, Shifts] | None = None
    ) -> None:
        size = vault.size(source)
        if size is None:
            return
        self._told.journal += size
        with vault.opened(source) as file:
            lines = self._scrub.lines(_blocks(file, 0, size), shifts)
            if index is not None and any(one.changed for one in index.values()):
                lines = _moved(lines, index)
            self._put(part, lines, size)

    def _console(self, part: str, source: Path, shifts: Shifts) -> bool:
        size = vault.size(source)
        if size is None:
            return False
        self._told.journal += size
        with vault.opened(source) as file:
            spans = windows(file, size, self._whole)
            self._put(part, self._pieces(file, spans, shifts), size)
        left = size - sum(end - begin for begin, end in spans)
        if left:
            self._told.cut[part] = left
        return bool(left)

    def _pieces(
        self, file: BinaryIO, spans: list[tuple[int, int]], shifts: Shifts
    ) -> Iterator[bytes]:
        old = new = 0
        for begin, end in spans:
            if begin > old:
                mark = b"[%d bytes were left out here]\n" % (begin - old)
                yield mark
                new += len(mark)
                shifts.mark(begin, new)
            inner = Shifts()
            yield from self._scrub.lines(_blocks(file, begin, end), inner)
            for before, after in inner.marks():
                shifts.mark(begin + before, new + after)
            old, new = end, new + inner.at(end - begin)

    def _rows(self, run: Run, attempt: Attempt) -> None:
        """What the whole console told, as rows, because a part of it would tell only a part."""
        table = columns.of_console(run, attempt, lens_of(attempt, chosen_dialect(run))).poll()
        part = f"attempts/{attempt.number}/trainer.jsonl"
        self._put(part, self._scrub.lines(_encoded(table), Shifts()), 0)

    def _put(self, part: str, lines: Iterable[bytes], size: int) -> None:
        mark, count, before = hashlib.sha256(), 0, dict(self._scrub.removed)
        with self._archive.open(_info(part), "w", force_zip64=True) as file:
            for line in lines:
                mark.update(line)
                count += file.write(line)
        self._told.parts[part] = {"bytes": count, "sha256": mark.hexdigest(), "of": size}
        found = {what: count - before.get(what, 0) for what, count in self._scrub.removed.items()}
        found = {what: count for what, count in found.items() if count}
        if found:
            self._told.removed[part] = found


def _info(name: str) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name)
    info.compress_type = zipfile.ZIP_DEFLATED
    info.external_attr = 0o600 << 16
    return info


def _blocks(file: BinaryIO, begin: int, end: int) -> Iterator[bytes]:
    file.seek(begin)
    while begin < end and (data := file.read(min(BLOCK, end - begin))):
        yield data
        begin += len(data)


def _moved(blocks: Iterable[bytes], index: dict[str, Shifts]) -> Iterator[bytes]:
    """The runner's notes of sizes, as the sizes are in the bundle."""

    def changed(found: re.Match[bytes]) -> bytes:
        name, offset = found[1], int(found[2])
        return b'"%b":%d' % (name, index[name.decode()].at(offset))

    for block in blocks:
        lines = block.splitlines(keepends=True)
        yield b"".join(_GREW.sub(changed, one) if b'"grew"' in one else one for one in lines)


def _encoded(table: columns.Table) -> Iterator[bytes]:
    """A table's rows as lines of a trainer's segment."""
    at = dict.fromkeys(table.metrics, 0)
    for row in range(len(table)):
        values = {name: v for name in at if (v := table.metrics[name].at(row)) is not None}
        t = table.t.at(row) if len(table.t) else None
        yield encode(Row(t, int(table.step[row]), values))
