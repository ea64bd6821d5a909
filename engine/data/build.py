"""Rows into buckets: by their own category and difficulty, or by rules where they name none.

The tree appears whole or not at all, with `buckets.json` beside it: every input and output by SHA-256.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections import OrderedDict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

from engine import __version__
from engine.data.classify import NAME, Rules, classify
from engine.data.doubles import Doubles
from engine.data.landing import room, sha256
from engine.data.reading import read_records
from engine.data.rows import Fault, Row, parse_row
from engine.errors import Unusable

DOMAINS = ("category", "domain")
TIERS = ("difficulty", "tier")
OPEN_FILES = 128
MANIFEST = "buckets.json"

How = tuple[str, str, str]
"""A row's format; `none`, `exact` or `near` doubles to leave out; `stop` or `skip` at a broken row."""


@dataclass
class Built:
    """What became of the rows."""

    rows: int = 0
    by_rules: int = 0
    doubles: int = 0
    faults: list[Fault] = field(default_factory=list)
    buckets: dict[str, int] = field(default_factory=dict)


@dataclass
class Shelf:
    """Many files written in turn, few of them open at a time."""

    folder: Path
    _open: OrderedDict[str, BinaryIO] = field(default_factory=OrderedDict)
    marks: dict[str, Any] = field(default_factory=dict)

    def write(self, name: str, data: bytes) -> None:
        file = self._open.get(name)
        if file is None:
            if len(self._open) >= OPEN_FILES:
                self._open.popitem(last=False)[1].close()
            path = self.folder / name
            path.parent.mkdir(exist_ok=True)
            file = self._open[name] = path.open("ab")
        self._open.move_to_end(name)
        file.write(data)
        self.marks.setdefault(name, hashlib.sha256()).update(data)

    def close(self) -> None:
        while self._open:
            self._open.popitem()[1].close()


def build(files: Sequence[str], out: Path, rules: Rules, how: How) -> Built:
    """A new tree at `out`, which must not be there yet or be empty."""
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise Unusable(f"{out} is there already", "name a new folder, or remove it")
    hidden = out.with_name(f".{out.name}.{os.getpid()}.tmp")
    shelf, built = Shelf(hidden), Built()
    try:
        with room(out):
            hidden.mkdir(parents=True)
            try:
                _sort(files, shelf, built, (rules, how))
            finally:
                shelf.close()
            _manifest(files, shelf, built, hidden)
        if out.exists():
            out.rmdir()
        os.replace(hidden, out)
    finally:
        shutil.rmtree(hidden, ignore_errors=True)
    return built


def _sort(files: Iterable[str], shelf: Shelf, built: Built, how: tuple[Rules, How]) -> None:
    rules, (kind, near, broken) = how
    doubles = Doubles(near)
    for where, record in read_records(files):
        row = record if isinstance(record, Fault) else parse_row(record, where, kind)
        if isinstance(row, Fault):
            built.faults.append(row)
            if row.broken and broken == "stop":
                raise Unusable(f"{row.where}: {row.reason}", "mend it, or --broken skip")
        elif doubles.is_new(row):
            name = f"{place(record, row, rules, built)}.jsonl"
            shelf.write(name, json.dumps(record, ensure_ascii=False).encode() + b"\n")
            built.buckets[name] = built.buckets.get(name, 0) + 1
            built.rows += 1
        else:
            built.doubles += 1


def place(record: dict[str, Any], row: Row, rules: Rules, built: Built) -> str:
    """`DOMAIN/TIER` of a row; what it says itself counts before the rules, if it can name a file."""
    domain = own(record, DOMAINS)
    tier = own(record, TIERS)
    if domain is None or tier is None:
        decision = classify(row, rules)
        built.by_rules += 1
        domain, tier = domain or decision.domain, tier or decision.tier
        record |= {"category": domain, "difficulty": tier, "classified": decision.why}
    return f"{domain}/{tier}"


def own(record: dict[str, Any], names: Sequence[str]) -> str | None:
    for name in names:
        value = record.get(name)
        if isinstance(value, str) and NAME.fullmatch(value):
            return value
    return None


def _manifest(files: Sequence[str], shelf: Shelf, built: Built, folder: Path) -> None:
    told = {
        "schema": 1,
        "versions": {"engine": __version__},
        "inputs": {name: sha256(Path(name)) for name in files},
        "rows": built.rows,
        "by_rules": built.by_rules,
        "doubles": built.doubles,
        "faults": len(built.faults),
        "buckets": {
            name: {"rows": built.buckets[name], "sha256": mark.hexdigest()}
            for name, mark in sorted(shelf.marks.items())
        },
    }
    (folder / MANIFEST).write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")
