"""Everything that can be said of files of rows in one pass: counts, faults with their lines, doubles, leaks, lengths.

Near doubles are looked for when they are asked for: they cost ten times the rest.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from engine.data.curriculum import TIERS
from engine.data.doubles import Near, exact, text_of
from engine.data.landing import sha256
from engine.data.language import language
from engine.data.quality import LEVELS, problems
from engine.data.reading import read_records
from engine.data.rows import Fault, Row, parse_row
from engine.errors import Unusable

EXAMPLES = 5
SAMPLED = 50
"""Every so many rows the language is looked at."""
AT_ONCE = 1000

Lengths = Callable[[list[str]], np.ndarray[Any, np.dtype[np.int64]]]


@dataclass(frozen=True)
class Wishes:
    kind: str = "auto"
    near: bool = False
    limit: int | None = None
    lengths: Lengths | None = None
    """Tokens of texts; without it characters are counted."""
    expect: Mapping[str, int] = field(default_factory=dict)
    stop: bool = False
    """Whether a broken row ends it all."""


@dataclass
class Report:
    """What was found; `found` has the number of rows and the first examples of each problem."""

    files: dict[str, int] = field(default_factory=dict)
    found: dict[str, tuple[int, list[Fault]]] = field(default_factory=dict)
    languages: dict[str, int] = field(default_factory=dict)
    sizes: list[int] = field(default_factory=list)

    def note(self, problem: str, where: str, seen: str) -> None:
        count, examples = self.found.setdefault(problem, (0, []))
        if len(examples) < EXAMPLES:
            examples.append(Fault(where, seen))
        self.found[problem] = (count + 1, examples)


class Validator:
    """Rows go in one after the other, from all files."""

    def __init__(self, wishes: Wishes) -> None:
        self.wishes, self.report = wishes, Report()
        self._seen: set[int] = set()
        self._near = Near() if wishes.near else None
        self._held: dict[int, str] = {}
        self._held_near, self._held_wheres = Near(), list[str]()
        self._ids: dict[str, str] = {}
        self._waiting: list[str] = []
        self._rows = 0

    def hold_out(self, rows: Iterable[Row | Fault]) -> None:
        """Rows of an evaluation: none of them may be trained on."""
        for row in rows:
            if isinstance(row, Row):
                self._held[exact(row)] = row.where
                if self.wishes.near and self._held_near.add(text_of(row)) is None:
                    self._held_wheres.append(row.where)

    def file(self, name: str) -> None:
        """Look at every row of a file."""
        place, kind, good = Path(name), self.wishes.kind, 0
        tier = place.stem if place.suffix == ".jsonl" and place.stem in TIERS else None
        for where, record in read_records([name]):
            row = record if isinstance(record, Fault) else parse_row(record, where, kind)
            if isinstance(row, Fault):
                self._fault(row)
                continue
            good += 1
            self._row(row)
            if "id" in record:
                self._named(record["id"], row.where)
            if tier is not None and record.get("difficulty", tier) != tier:
                self._placed(record, row)
        self.report.files[name] = good

    def finish(self) -> Report:
        self._measure()
        return self.report

    def _fault(self, fault: Fault) -> None:
        if fault.broken and self.wishes.stop:
            raise Unusable(f"{fault.where}: {fault.reason}", "mend it, or --broken skip")
        self.report.note("broken" if fault.broken else "useless", fault.where, fault.reason)

    def _row(self, row: Row) -> None:
        note = self.report.note
        for problem, seen in problems(row):
            note(problem, row.where, seen)
        mark = exact(row)
        text = text_of(row) if self._near or self.wishes.lengths else ""
        if mark in self._held:
            note("leaked", row.where, f"is in {self._held[mark]}")
        elif self._near is not None and (found := self._held_near.find(text)) is not None:
            note("nearly leaked", row.where, f"is nearly {self._held_wheres[found]}")
        if mark in self._seen:
            note("duplicate", row.where, "the same text as an earlier row")
        elif self._near is not None and self._near.add(text) is not None:
            note("near duplicate", row.where, "nearly the text of an earlier row")
        self._seen.add(mark)
        if self._rows % SAMPLED == 0:
            spoken = language(row.turns[-1].text)
            self.report.languages[spoken] = self.report.languages.get(spoken, 0) + 1
        self._rows += 1
        self._length(text, row)

    def _named(self, name: object, where: str) -> None:
        """Two rows of one id are two versions of one thing, or a mistake."""
        key = str(name)
        if key in self._ids:
            self.report.note("duplicate id", where, f"id {key[:60]} is that of {self._ids[key]}")
        else:
            self._ids[key] = where

    def _length(self, text: str, row: Row) -> None:
        if self.wishes.lengths is None:
            self.report.sizes.append(sum([len(text) for _, text in row.turns]))
            return
        self._waiting.append(text)
        if len(self._waiting) >= AT_ONCE:
            self._measure()

    def _measure(self) -> None:
        if self._waiting and self.wishes.lengths is not None:
            self.report.sizes += self.wishes.lengths(self._waiting).tolist()
            self._waiting = []

    def _placed(self, record: Mapping[str, Any], row: Row) -> None:
        """A row of a bucket that says of itself that it belongs elsewhere."""
        domain, tier = record.get("category"), record.get("difficulty")
        if isinstance(tier, str):
            self.report.note("misplaced", row.where, f"says {domain}/{tier}")


def table(report: Report, wishes: Wishes) -> dict[str, Any]:
    """The report as plain values."""
    found = [
        {
            "problem": name, "level": LEVELS[name], "rows": report.found[name][0],
            "examples": [{"where": f.where, "reason": f.reason} for f in report.found[name][1]],
        }
        for name in LEVELS
        if name in report.found
    ]  # fmt: skip
    files = [
        {
            "path": n,
            "rows": rows,
            "expected": _expected(n, wishes.expect),
            "sha256": sha256(Path(n)),
        }
        for n, rows in report.files.items()
    ]
    rows = sum(report.files.values())
    wrong = [f for f in files if f["expected"] not in (None, f["rows"])]
    total = wishes.expect.get("total")
    lengths = _lengths(report.sizes, wishes)
    if lengths["over"]:
        seen = f"longer than {wishes.limit} {lengths['unit']}"
        found.append({"problem": "too long", "level": "warning", "rows": lengths["over"],
                      "examples": [{"where": "all files", "reason": seen}]})  # fmt: skip
    ok = not wrong and total in (None, rows) and all(one["level"] != "error" for one in found)
    return {
        "files": files, "rows": rows, "ok": ok, "problems": found,
        "languages": dict(sorted(report.languages.items(), key=lambda one: -one[1])),
        "lengths": lengths,
    }  # fmt: skip


def _expected(name: str, expect: Mapping[str, int]) -> int | None:
    return expect.get(name, expect.get(Path(name).name))


def _lengths(sizes: list[int], wishes: Wishes) -> dict[str, Any]:
    array = np.array(sizes, dtype=np.int64)
    unit = "characters" if wishes.lengths is None else "tokens"
    counted = wishes.limit if wishes.lengths is not None else None
    steps = [1 << n for n in range(4, 1 + max(5, int(array.max(initial=1)).bit_length()))]
    below = np.searchsorted(np.sort(array), steps, side="right")
    bars = [(upto, int(n)) for upto, n in zip(steps, np.diff(below, prepend=0), strict=True)]
    return {
        "unit": unit,
        "median": float(np.median(array)) if len(array) else None,
        "p95": float(np.quantile(array, 0.95)) if len(array) else None,
        "longest": int(array.max()) if len(array) else None,
        "limit": counted,
        "over": None if counted is None else int((array > counted).sum()),
        "histogram": [{"upto": upto, "rows": rows} for upto, rows in bars if rows],
    }
