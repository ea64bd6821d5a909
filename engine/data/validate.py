"""Everything that can be said of files of rows in one pass: counts, faults with their lines, doubles, leaks, lengths.

Near doubles are looked for when they are asked for: they cost ten times the rest. Any number of processes looks at the
rows, and one puts together what they saw, in the order of the files: the report is the same.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from engine.data.crew import shared
from engine.data.doubles import Near, exact, sign, split, text_of
from engine.data.inspection import EXAMPLES, Looked, Wanted, open_inspector
from engine.data.landing import sha256
from engine.data.quality import LEVELS
from engine.data.reading import present
from engine.data.rows import Fault, Row
from engine.data.units import Unit, pieces, place
from engine.errors import Unusable


@dataclass(frozen=True)
class Wishes:
    wanted: Wanted = field(default_factory=Wanted)
    limit: int | None = None
    expect: Mapping[str, int] = field(default_factory=dict)
    stop: bool = False
    """Whether a broken row ends it all."""
    workers: int = 0
    """Processes; 0: one a core."""


@dataclass
class Report:
    """What was found; `found` has the number of rows and the first examples of each problem."""

    files: dict[str, int] = field(default_factory=dict)
    found: dict[str, tuple[int, list[Fault]]] = field(default_factory=dict)
    languages: dict[str, int] = field(default_factory=dict)
    sizes: array[int] = field(default_factory=lambda: array("q"))

    def note(self, problem: str, rows: int, examples: Iterable[Fault]) -> None:
        count, shown = self.found.get(problem) or (0, [])
        room = EXAMPLES - len(shown)
        self.found[problem] = (count + rows, shown + list(examples)[:room])


class Validator:
    """Puts together what was seen of each unit, in their order."""

    def __init__(self, wishes: Wishes) -> None:
        self.wishes, self.report = wishes, Report()
        self._near = Near() if wishes.wanted.near else None
        self._seen: set[bytes] = set()
        self._held: dict[bytes, str] = {}
        self._held_near, self._held_wheres = Near(), list[str]()
        self._ids: dict[str, tuple[str, int]] = {}
        self._path, self._base = "", 0

    def hold_out(self, rows: Iterable[Row | Fault]) -> None:
        """Rows of an evaluation: none of them may be trained on."""
        for row in rows:
            if isinstance(row, Row):
                self._held[exact(row)] = row.where
                if self._near and self._held_near.add(sign(text_of(row))) is None:
                    self._held_wheres.append(row.where)

    def look(self, files: Iterable[str]) -> Report:
        """Look at every row of these files."""
        names, wishes = present(dict.fromkeys(files)), self.wishes
        self.report.files |= dict.fromkeys(names, 0)
        parts = pieces(names)
        for unit, seen in zip(
            parts, shared(open_inspector, wishes.wanted, parts, wishes.workers), strict=True
        ):
            self._take(unit, seen)
        return self.report

    def _take(self, unit: Unit, seen: Looked) -> None:
        report = self.report
        if unit.start == 0:
            self._path, self._base = unit.path, 0
        for problem, (rows, examples) in seen.found.items():
            shown = [Fault(self._where(number), what) for number, what in examples]
            if problem == "broken" and self.wishes.stop:
                fix = "mend it, or --broken skip"
                raise Unusable(f"{shown[0].where}: {shown[0].reason}", fix)
            report.note(problem, rows, shown)
        self._doubles(seen)
        if self._near is not None or self._held:
            self._leaks(seen)
        for number, name in seen.ids:
            self._named(number, name)
        for language, rows in seen.languages.items():
            report.languages[language] = report.languages.get(language, 0) + rows
        report.files[unit.path] += len(seen.numbers)
        report.sizes += seen.sizes
        self._base += seen.lines

    def _where(self, number: int) -> str:
        return place(self._path, self._base + number)

    def _note(self, problem: str, number: int, what: str) -> None:
        self.report.note(problem, 1, [Fault(self._where(number), what)])

    def _doubles(self, seen: Looked) -> None:
        marks = split(seen.marks)
        fresh = set(marks)
        if self._near is None and len(fresh) == len(marks) and fresh.isdisjoint(self._seen):
            self._seen |= fresh
            return
        for index, (number, mark) in enumerate(zip(seen.numbers, marks, strict=True)):
            if mark in self._seen:
                self._note("duplicate", number, "the same text as an earlier row")
            elif self._near is not None and self._near.add(seen.signatures[index]) is not None:
                self._note("near duplicate", number, "nearly the text of an earlier row")
            self._seen.add(mark)

    def _leaks(self, seen: Looked) -> None:
        """Which of the rows are held out for an evaluation."""
        for index, (number, mark) in enumerate(zip(seen.numbers, split(seen.marks), strict=True)):
            if mark in self._held:
                self._note("leaked", number, f"is in {self._held[mark]}")
            elif self._near is not None:
                found = self._held_near.find(seen.signatures[index])
                if found is not None:
                    self._note("nearly leaked", number, f"is nearly {self._held_wheres[found]}")

    def _named(self, number: int, name: str) -> None:
        """Two rows of one id are two versions of one thing, or a mistake."""
        first = self._ids.setdefault(name, (self._path, self._base + number))
        if first != (self._path, self._base + number):
            self._note("duplicate id", number, f"id {name[:60]} is that of {place(*first)}")


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


def _lengths(sizes: array[int], wishes: Wishes) -> dict[str, Any]:
    array = np.array(sizes, dtype=np.int64)
    unit = "characters" if wishes.wanted.tokenizer is None else "tokens"
    counted = wishes.limit if wishes.wanted.tokenizer is not None else None
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
